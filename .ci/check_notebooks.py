"""Check the rules of the notebooks (CONTRIBUTING.md). Standard library only.

    check_notebooks.py [ROOT]         exit 1 and name notebook and cell if a rule is broken
    check_notebooks.py --self-test    break every rule once in a toy project and see it found
    check_notebooks.py --count        a table of what the style guide counts
"""
import ast
import json
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LIB = "ris_nb"
PARTS = ("", "physics", "localization", "training", "evaluation") # "" is the core, nbs/00_core
FREE = ("index", "tutorials") # export nothing, may import everything
REACH = 3 # code cells within which an exported cell is followed by an example
LINE = 100 # characters of code
MAIN_LINE = 65 # cells before the heading MORE
MORE = "## More tests"
MEGABYTES = 1.5
DIRECTIVE = re.compile(r"^\s*#\s*\|\s*([\w-]+):?[ \t]*(.*)$", re.M)
MACHINE_PATH = re.compile(r"(?<![\w.~])/(root|work|tmp|home|opt|mnt|Users)/\w")
# a parameter on a line of its own with its comment, a docstring, a comment, nothing
DOCUMENTATION = re.compile(r'^\s*(#.*|\w+: .*, # .*|\) -> .*: # .*|\*,|"[^"]*")?$')
LINK = re.compile(r"\]\(([^)#\s]+\.(?:ipynb|md))(?:#[^)]*)?\)")


class Cell:
    "A code or markdown cell with its directives and syntax tree."
    def __init__(self, i: int, raw: dict):
        self.i, self.kind, self.outputs = i, raw["cell_type"], raw.get("outputs", [])
        self.source = "".join(raw["source"])
        self.code = self.kind == "code"
        self.directives = dict(DIRECTIVE.findall(self.source)) if self.code else {}
        lines = self.source.strip().splitlines()
        self.lines = [line for line in lines if not DIRECTIVE.match(line)]
        plain = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", self.source, flags=re.M) # IPython magics
        skip = not self.code or self.source.startswith("%%")
        self.body = [] if skip else ast.parse(plain).body
        self.exported = bool({"export", "exports", "exporti"} & self.directives.keys())
        self.imports = [s for s in self.body if isinstance(s, (ast.Import, ast.ImportFrom))]
        hidden = "hide" in self.directives or self.directives.get("include") == "false"
        self.exports_all = "nbdev_export(" in self.source
        runs = self.directives.get("eval") != "false" and not self.exports_all
        self.visible = self.code and not self.exported and not hidden and runs

    @property
    def n_code_lines(self) -> int:
        "Lines of code: no blank lines, comments, docstrings or lines of one parameter."
        return sum(not DOCUMENTATION.match(line) for line in self.lines)

    @property
    def shows(self) -> bool:
        "Is this a visible example or test?"
        nodes = (n for s in self.body for n in ast.walk(s))
        return self.visible and any(isinstance(n, (ast.Call, ast.Assert)) for n in nodes)


class Page:
    "A notebook and its place in the house."
    def __init__(self, path: Path, root: Path):
        self.path, self.name = path, path.relative_to(root/"nbs").as_posix()
        raw = json.loads(path.read_text(encoding="utf-8"))["cells"]
        self.cells = [Cell(i, c) for i, c in enumerate(raw)]
        self.folder = "" if "/" not in self.name else self.name.split("/")[0]
        self.free = self.folder in FREE or path.stem in FREE
        number = re.match(r"(\d\d)_(\w+)$", path.stem)
        self.number = int(number[1]) if number else None
        expected = number and ".".join(filter(None, [self.folder, number[2]]))
        self.expected_module = expected
        self.module = next((c.directives["default_exp"] for c in self.cells
                            if "default_exp" in c.directives), None)

    @property
    def place(self) -> tuple[int, int]:
        "Position in the order of the parts."
        if self.free:
            return (len(PARTS), 0)
        return (PARTS.index(self.folder), self.number)

    @property
    def main_line(self) -> list[Cell]:
        "The cells before the further tests."
        titles = [c.i for c in self.cells if c.kind == "markdown"
                  and re.search(rf"^{re.escape(MORE)}\s*$", c.source, re.M)]
        return self.cells[:titles[0]] if titles else self.cells


def imported_modules(cell: Cell) -> set[str]:
    "Modules of the library that a cell imports, anywhere in it, as candidates."
    found = set()
    for node in (n for s in cell.body for n in ast.walk(s)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return {n[len(LIB) + 1:] for n in found if n.startswith(LIB + ".")}


def check_imports(page: Page, cell: Cell, places: dict[str, tuple]) -> Iterator[str]:
    "Yield what is wrong with the imports of a cell."
    modules = imported_modules(cell)
    for name in sorted(modules):
        known = name in places or any(m.startswith(name + ".") for m in places)
        inside = any(name.startswith(m + ".") for m in places)
        if name in places and places[name] >= page.place:
            yield f"imports {LIB}.{name}, which is not in an earlier place of the house"
        elif not (known or inside or name == "__version__" or page.free and "." not in name):
            yield f"imports {LIB}.{name}, which no notebook exports"
    assigns_all = [s for s in cell.body if isinstance(s, ast.Assign)
                   and getattr(s.targets[0], "id", "") == "__all__"]
    if cell.imports and len(cell.imports) + len(assigns_all) < len(cell.body):
        if not cell.exports_all:
            yield "mixes imports and code: import cells hold only imports"


def check_cell(page: Page, cell: Cell, places: dict[str, tuple]) -> Iterator[str]:
    "Yield what is wrong with a cell."
    if cell.kind == "markdown":
        if re.search(r"^\s*:::", cell.source, re.M):
            yield "callout or div (:::): plain Jupyter and GitHub do not show it"
        for target in LINK.findall(cell.source):
            if not re.match(r"[a-z]+:", target) and not (page.path.parent/target).exists():
                yield f"links to {target}, which does not exist"
    if cell.i < 2 and not cell.code and re.search(r"skip_exec:\s*true", cell.source):
        yield "skip_exec: nbdev_test would pass this notebook without running it"
    if cell.code:
        yield from check_imports(page, cell, places)
        long = [line for line in cell.source.splitlines() if len(line) > LINE]
        if long:
            start = long[0].strip()[:40]
            yield f"code line of {len(long[0])} characters (at most {LINE}): {start}"
    for output in cell.outputs:
        if output.get("name") == "stderr":
            yield "output on stderr is committed"
        if output["output_type"] == "error":
            yield f"the committed output is an error: {output.get('ename')}"
        for text in texts(output):
            if m := MACHINE_PATH.search(text):
                yield f"output holds a path of one machine: {text[m.start():m.start() + 40]!r}"
    if cell.exported and page.free:
        yield "exports code: index and tutorials export nothing"
    only_imports = len(cell.imports) == len(cell.body)
    if cell.exported and not only_imports:
        following = [c for c in page.cells[cell.i + 1:] if c.code]
        if not any(c.shows for c in following[:REACH]):
            yield f"no visible example or test within {REACH} code cells of this exported cell"


def texts(output: dict) -> Iterator[str]:
    "Every text that an output shows."
    yield "".join(output.get("text", ""))
    for kind, data in output.get("data", {}).items():
        if kind.startswith("text/") or "svg" in kind:
            yield "".join(data)


def check_page(page: Page) -> Iterator[str]:
    "Yield what is wrong with a notebook as a whole."
    if page.path.stat().st_size > MEGABYTES * 1e6:
        yield f"{page.path.stat().st_size / 1e6:.2f} MB (at most {MEGABYTES})"
    if page.free:
        return
    if page.module is not None and page.module != page.expected_module:
        yield f"exports to {page.module}, but its name says {page.expected_module}"
    if len(page.main_line) > MAIN_LINE:
        yield f"{len(page.main_line)} cells before '{MORE}' (at most {MAIN_LINE})"
    if page.module is not None and page.main_line is page.cells:
        yield f"has no heading '{MORE}'"


def check(root: Path) -> list[str]:
    "List every broken rule of the project at `root`."
    paths = [p for p in sorted((root/"nbs").rglob("*.ipynb"))
             if ".ipynb_checkpoints" not in p.parts]
    pages, problems = [Page(p, root) for p in paths], []
    if not pages:
        return ["nbs/ holds no notebook"]
    for page in pages:
        if not page.free and (page.folder not in PARTS or page.number is None):
            problems.append(f"{page.name}: must be PART/NN_name.ipynb with PART one of "
                            f"{', '.join(filter(None, PARTS))}, or 00_core, index or tutorials/")
    if problems:
        return problems
    places = {page.module: page.place for page in pages if page.module}
    for page in pages:
        problems += [f"{page.name}: {what}" for what in check_page(page)]
        for cell in page.cells:
            head = (cell.lines or [""])[0][:60]
            problems += [f"{page.name} cell {cell.i} ({head!r}): {what}"
                         for what in check_cell(page, cell, places)]
    for file in sorted((root/LIB).rglob("*.py")):
        module = ".".join(file.relative_to(root/LIB).with_suffix("").parts)
        if file.stem not in ("__init__", "_modidx") and module not in places:
            problems.append(f"{LIB}/{module}: no notebook exports it")
    return problems + [*check_files(root)]


def check_files(root: Path) -> Iterator[str]:
    "Yield the code lines that are too long outside of the notebooks."
    by_hand = [*root.glob("*.py"), *(root/".ci").glob("*"), *(root/LIB).rglob("__init__.py")]
    for file in sorted(f for f in by_hand if f.is_file()):
        for i, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > LINE:
                yield f"{file.relative_to(root)}:{i}: {len(line)} characters (at most {LINE})"


def count(root: Path) -> Iterator[str]:
    "Lines of a table of what the style guide counts."
    yield f"{'notebook':38s} {'main':>5s} {'cells':>6s} {'md:code':>8s} {'exported med/p90':>17s}"
    every = []
    for path in sorted((root/"nbs").rglob("*.ipynb")):
        page = Page(path, root)
        main = page.main_line
        code = sum(c.code for c in main)
        sizes = sorted(c.n_code_lines for c in page.cells
                       if c.exported and len(c.imports) < len(c.body))
        every += sizes
        shown = ""
        if sizes:
            shown = f"{statistics.median(sizes):.0f} / {sizes[int(0.9 * (len(sizes) - 1))]}"
        prose = (len(main) - code) / max(code, 1)
        yield f"{page.name:38s} {len(main):5d} {len(page.cells):6d} {prose:8.2f} {shown:>17s}"
    every.sort()
    yield (f"exported cells: {len(every)}, median {statistics.median(every):.0f}, 90th percentile "
           f"{every[int(0.9 * (len(every) - 1))]} lines of code")


def self_test() -> None:
    "Each rule broken once, in a project that is otherwise clean, gives exactly its message."
    def c(source: str, kind: str = "code", **output) -> dict:
        outputs = [dict(output_type="stream") | output] if output else []
        return dict(cell_type=kind, source=source, outputs=outputs)

    use, export = c("f(1)"), c("#| export\ndef f(x): return x")
    text, more = c("Text.", "markdown"), c(MORE, "markdown")
    top = [c("#| default_exp physics.b"), c("#| export\nfrom ris_nb.core import g\nimport math")]
    good = [*top, text, export, text, use, more]
    far = [use | dict(source="#| hide\nf(1)"), c("y = 2"), c("#| eval: false\nf(1)"), use]
    cases = {
        "": good,
        "not in an earlier place": [*good, c("def h():\n    import ris_nb.training.t")],
        "which no notebook exports": [*good, c("from ris_nb import zzz")],
        "within 3 code cells": [*top, text, export, *far, more],
        "mixes imports": [*good, c("import os\nk = os.sep")],
        "code line of 101": [*good, c("x = 1 # " + "x" * 93)],
        "stderr": [*good, c("f(2)", name="stderr", text="w")],
        "is an error": [*good, c("f(2)", output_type="error", ename="E")],
        "path of one machine": [*good, c("f(2)", name="stdout", text=["in ", "/ho" + "me/me/x"])],
        ":::": [*good, c("::: {.callout-note}", "markdown")],
        "which does not exist": [*good, c("[there](09_none.ipynb)", "markdown")],
        "skip_exec": [c("---\nskip_exec: true\n---", "raw"), *good],
        "MB": [*good, c("#\n" + "# x\n" * 400_000)],
        "its name says": [c("#| default_exp physics.c"), *good[1:]],
        "cells before": [*good[:-1], *[text] * MAIN_LINE, more],
        "has no heading": good[:-1],
        "b: no notebook exports it": [text],
        "setup.py:1: 101 characters": good,
        "must be PART/NN_name": good,
        "export nothing": good}
    for message, cells in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            name = "physics/x_b" if message.startswith("must be") else "physics/02_b"
            books = {"00_core": [c("#| default_exp core"), more], name: cells,
                     "training/01_t": [c("#| default_exp training.t"), more],
                     "index": [export, use] if message == "export nothing" else [text]}
            for book, raw in books.items():
                file = root/"nbs"/f"{book}.ipynb"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(dict(cells=raw)))
            (root/LIB/"physics").mkdir(parents=True)
            module = "c" if message == "its name says" else "b"
            (root/LIB/"physics"/f"{module}.py").write_text("x = 1\n")
            (root/"setup.py").write_text("#" * (101 if message.startswith("setup") else 100))
            found = check(root)
            expected = [True] * bool(message)
            assert [message in f for f in found] == expected, f"{message!r}: found {found}"
    print(f"check_notebooks: self-test passed, {len(cases)} cases")


def main() -> int:
    "Exit status 1 if a rule is broken."
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[1]
    if "--self-test" in sys.argv:
        self_test()
        return 0
    if "--count" in sys.argv:
        print(*count(root), sep="\n")
        return 0
    problems = check(root)
    print("\n".join(problems) or "check_notebooks: every rule holds")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
