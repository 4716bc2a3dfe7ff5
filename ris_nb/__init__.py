"""RIS-aided near-field localisation, and the training numerics that let a network learn it.

The names below are loaded when they are first used, so `import ris_nb` itself is quick and loads
no torch. Everything else is imported from its module, such as `ris_nb.evaluation.metrics`.
"""
__version__ = "0.2.0"

from importlib import import_module

_HOME = { # name -> module
    "SceneConfig": "physics.components",
    "Scenes": "physics.scenes",
    "simulate": "physics.scenes",
    "sensing_matrix": "physics.components",
    "linear_array": "physics.geometry",
    "planar_array": "physics.geometry",
    "steering": "physics.geometry",
    "search_grid": "physics.coordinates",
    "LowRankCovariance": "physics.covariance",
    "plot_map": "localization.spectra",
    "cramer_rao_bound": "localization.bounds",
    "scene_bound": "localization.bounds",
    "localize": "localization.estimators",
    "Estimates": "localization.estimates",
    "read_recording": "localization.recordings",
    "eigengap_loss": "training.eigengap",
    "to_float32": "training.fp32_validation",
    "fp32_loss": "training.fp32_validation",
    "validate": "training.fp32_validation",
    "train_step": "training.scheduler_order",
    "CovarianceLoss": "training.losses",
    "CovarianceNet": "training.network",
    "Trainer": "training.trainer",
    "TrainConfig": "training.trainer",
    "match_sources": "evaluation.metrics",
    "rmse": "evaluation.metrics",
    "gospa": "evaluation.metrics",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
