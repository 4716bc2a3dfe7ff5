"""Packaging from `settings.ini`. Nothing here, and nothing imported at run time, needs nbdev."""
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

STATUS = {"2": "Pre-Alpha", "3": "Alpha", "4": "Beta", "5": "Production/Stable"}
LICENSES = {"apache2": "Apache-2.0"}

here = Path(__file__).parent
parser = ConfigParser(delimiters=["="])
parser.read(here/"settings.ini", encoding="utf-8")
cfg = parser["DEFAULT"]
lib = cfg["lib_name"]

setup(
    name=lib,
    version=cfg["version"],
    description=cfg["description"],
    keywords=cfg["keywords"].split(),
    long_description=(here/"README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    url=cfg["git_url"],
    project_urls={"Documentation": cfg["doc_host"] + cfg["doc_baseurl"]},
    license=LICENSES[cfg["license"]],
    license_files=["LICENSE"],
    classifiers=[
        f"Development Status :: {cfg['status']} - {STATUS[cfg['status']]}",
        f"Intended Audience :: {cfg['audience']}",
        f"Natural Language :: {cfg['language']}",
        "Programming Language :: Python :: 3"],
    packages=find_packages(include=[lib, f"{lib}.*"]),
    python_requires=f">={cfg['min_python']}",
    zip_safe=False,
    install_requires=cfg["requirements"].split(),
    extras_require={
        "dev": cfg["dev_requirements"].split(),
        "docs": [*cfg["dev_requirements"].split(), *cfg["docs_requirements"].split()]},
    package_data={lib: ["*.mplstyle", "weights/*.safetensors"]},
    entry_points={
        "console_scripts": cfg["console_scripts"].split(),
        "nbdev": [f"{lib}={lib}._modidx:d"]}) # without this line doc links vanish silently
