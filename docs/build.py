"""Build the website: nbs/ -> _proc/ (nbdev's processors) -> _docs/ (Sphinx).

    python docs/build.py [options of sphinx-build]

Runs no cell and needs no network: the pages show the outputs that are committed.
"""
import ast
import hashlib
import importlib
import inspect
import os
import posixpath
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

os.environ["IN_TEST"] = "1" # importing nbdev must not export
from execnb.nbio import NbCell, mk_cell, read_nb, write_nb
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.process import Processor
from nbdev.processors import FilterDefaults, add_show_docs, exec_show_docs, rm_export
from nbdev.processors import add_fold, clean_show_doc, insert_warning, mv_exports
from nbdev.frontmatter import FrontmatterProc

CONFIG = get_config()
ROOT, NBS, OUT = CONFIG.config_path, CONFIG.nbs_path, CONFIG.doc_path
STAGE, HERE = ROOT/"_proc", Path(__file__).parent
HOST = f"{CONFIG.doc_host}{CONFIG.doc_baseurl}/"
BLOB = f"{CONFIG.git_url}/blob/{CONFIG.branch}/"
TREES = { # caption of the sidebar -> folder, and which pages of it
    "Tutorials": ("tutorials", lambda p: p.number),
    "How to": ("tutorials/how_to", lambda p: True),
    "Physics": ("physics", lambda p: True),
    "Localization": ("localization", lambda p: True),
    "The three patches": ("training", lambda p: p.number <= 3),
    "Training": ("training", lambda p: p.number > 3),
    "Evaluation": ("evaluation", lambda p: True),
    "Core": ("", lambda p: p.number is not None),
    "Reference": ("tutorials", lambda p: p.number is None)}
HOW_TO = ("own_channel", "pilots", "own_loss", "own_network", "on_a_gpu", "many_gpus", "reproduce",
          "error_messages") # their order in the sidebar; others follow
SHOWN_DECORATORS = re.compile("property|classmethod|staticmethod|dataclass")
PLAIN = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}


@dataclass
class Page:
    "A notebook, where it goes, and what it documents."
    path: Path # of the notebook
    names: dict[str, str] = field(default_factory=dict) # public name -> first line of its docstring
    constants: dict[str, str] = field(default_factory=dict) # public name -> its comment or value

    def __post_init__(self):
        self.nb = read_nb(self.path)
        source = self.path.relative_to(NBS)
        number, self.stem = re.match(r"(?:(\d+)[a-zA-Z0-9]*_)?(.*)$", source.stem.lower()).groups()
        self.number = None if number is None else int(number)
        self.folder = "" if len(source.parts) == 1 else source.parent.as_posix()
        self.docname = posixpath.join(self.folder, self.stem)
        found = re.search(r"^#\|\s*default_exp\s+(\S+)", self.text("code"), re.M)
        self.module = found and importlib.import_module(f"{CONFIG.lib_path.name}.{found[1]}")
        self.title = re.search(r"^# (.+)$", self.text("markdown"), re.M)[1]

    def text(self, kind: str) -> str:
        "All cells of one kind."
        return "\n".join(c.source for c in self.nb.cells if c.cell_type == kind)


def header(source: str) -> str:
    "What stands between `def` or `class` and the first statement: names, types, comments."
    tree, lines = ast.parse(source).body[0], source.splitlines()
    is_class = isinstance(tree, ast.ClassDef)
    first_method = next((s for s in tree.body if isinstance(s, ast.FunctionDef)), None)
    docstring = tree.body[0] if ast.get_docstring(tree) else None
    if is_class:
        start = first_method or tree.body[-1]
        above = start.decorator_list[0].lineno if first_method and start.decorator_list else None
        end = (above or start.lineno) - 1 if first_method else len(lines)
    else:
        end = tree.body[0].lineno - 1
    kept = [d.lineno - 1 for d in tree.decorator_list if SHOWN_DECORATORS.match(ast.unparse(d))]
    kept += range(tree.lineno - 1, end)
    if docstring:
        kept = [i for i in kept if not docstring.lineno - 1 <= i < docstring.end_lineno]
    return "\n".join(lines[i] for i in kept).rstrip()


def members(cls: type) -> list[tuple[str, object]]:
    "Public methods and properties that a class defines itself."
    found = []
    for name, value in vars(cls).items():
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        shown = not name.startswith("_") or name == "__call__"
        if shown and inspect.isfunction(function) and function.__doc__:
            found.append((name, function))
    return found


def entry(page: Page, name: str, symbol: object, level: int, kind: str) -> str:
    "The entry of a name: heading, docstring, signature with a parameter a line, link to the source."
    module = page.module.__name__
    source, line = inspect.getsourcelines(symbol)
    link = f"{BLOB}{module.replace('.', '/')}.py#L{max(line, 1)}"
    about = (inspect.getdoc(symbol) or "").strip()
    heading = name.replace("__", r"\_\_")
    code = header(inspect.cleandoc("\n" + "".join(source)))
    return (f"```{{py:{kind}}} {module}.{name}\n:no-typesetting:\n```\n\n"
            f"{'#' * level} {heading}\n\n"
            f'<a class="api-source" href="{link}">source</a>\n\n{about}\n\n'
            f"```python\n{code}\n```\n")


def described(cell: NbCell, page: Page) -> NbCell:
    "The cell with an alternative text for its picture: the title that the code gives it."
    title = r"(?:(?:suptitle|set_title)\(|\btitle=)\s*f?\"([^\"{]+)\""
    found = re.search(title, cell.source)
    alt = found[1] if found else f"Figure of the page {page.title}"
    if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
        cell.metadata.mystnb = dict(cell.metadata.get("mystnb", {}), image=dict(alt=alt))
    return cell


def constants_of(cell: NbCell) -> dict[str, str]:
    "Public constants that a cell defines, with the lines that define them."
    found, lines = {}, cell.source.splitlines()
    for s in ast.parse(cell.source).body:
        targets = s.targets if isinstance(s, ast.Assign) else []
        for name in (getattr(t, "id", "_") for t in targets):
            if not name.startswith("_") and name != "log":
                found[name] = "\n".join(lines[s.lineno - 1:s.end_lineno])
    return found


def constants_entry(module: str, constants: dict[str, str]) -> str:
    "The entries of constants that stand together: what links find, and the definitions."
    targets = [f"```{{py:data}} {module}.{name}\n:no-typesetting:\n```\n" for name in constants]
    definitions = "\n".join(constants.values())
    return "\n".join([*targets, f"```python\n{definitions}\n```\n"])


def public_names(cell: NbCell) -> list[str]:
    "Functions and classes that a cell defines, without a leading underscore."
    definitions = (ast.FunctionDef, ast.ClassDef)
    return [s.name for s in ast.parse(cell.source).body
            if isinstance(s, definitions) and not s.name.startswith("_")]


def only_imports(cell: NbCell) -> bool:
    "Does a cell hold nothing but imports?"
    body = ast.parse(cell.source).body
    return bool(body) and all(isinstance(s, (ast.Import, ast.ImportFrom)) for s in body)


def comment(source: str) -> str:
    "The comment that ends the first line of a definition, or nothing."
    return source.splitlines()[0].partition(" # ")[2]


def folded(cell: NbCell, prompt: str) -> NbCell:
    "The cell with its source folded away under `prompt`."
    cell.metadata.tags = ["hide-input"]
    cell.metadata.mystnb = dict(code_prompt_show=prompt, code_prompt_hide=prompt)
    return cell


class Documented(Processor):
    "An exported cell becomes the entries of its public names, with the source folded below them."
    page: Page # set before use

    def begin(self):
        self.level, cells = 1, []
        for cell in self.nb.cells:
            cells += self.cells_for(cell)
        self.nb.cells[:] = cells

    def cells_for(self, cell: NbCell) -> list[NbCell]:
        "What stands on the page in place of a cell."
        if cell.cell_type == "markdown":
            plain = re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S)
            for hashes in re.findall(r"^(#+) ", plain, re.M):
                self.level = len(hashes)
        if cell.cell_type != "code" or cell.source.startswith("%%"):
            return [cell]
        if "default_exp" in cell.directives_ or "include:" in cell.directives_:
            return []
        if "echo:" in cell.directives_: # `#| echo: false`: the output without the code
            cell.source = re.sub(r"^#\|.*\n", "", cell.source, flags=re.M)
            cell.metadata.tags = ["remove-input"]
            return [described(cell, self.page)]
        exported = bool({"export", "exports"} & cell.directives_.keys())
        if only_imports(cell) and self.page.module and "hide" not in cell.directives_:
            return [folded(cell, f"Imports of the {'module' if exported else 'examples'}")]
        if not exported:
            return [described(cell, self.page)]
        constants, names = constants_of(cell), public_names(cell)
        module = self.page.module.__name__
        texts = [constants_entry(module, constants)] if constants else []
        self.page.constants |= {name: comment(source) for name, source in constants.items()}
        texts += [text for name in names for text in self.entries_of(name)]
        entries = [mk_cell(text, "markdown") for text in texts]
        rest = len(ast.parse(cell.source).body) - len(constants)
        return [*entries, folded(cell, "Source")] if names or rest else entries

    def entries_of(self, name: str) -> list[str]:
        "The entry of a function, or of a class and its methods."
        symbol, level = getattr(self.page.module, name), min(self.level + 1, 4)
        self.page.names[name] = (inspect.getdoc(symbol) or "").split("\n")[0]
        if not isinstance(symbol, type):
            return [entry(self.page, name, symbol, level, "function")]
        inside = [entry(self.page, f"{name}.{m}", f, level + 1, "method")
                  for m, f in members(symbol)]
        return [entry(self.page, name, symbol, level, "class"), *inside]


def processors(page: Page) -> FilterDefaults:
    "nbdev's own processors, without those that run cells or serve Quarto."
    ours = type("Documented", (Documented,), dict(page=page))
    dropped = {FrontmatterProc, add_show_docs, insert_warning, clean_show_doc, exec_show_docs,
               rm_export, add_fold, mv_exports}

    class SiteFilter(FilterDefaults):
        def base_procs(self):
            return [ours, *(p for p in super().base_procs() if p not in dropped)]
    return SiteFilter()


def relink(text: str, page: Page | None, docnames: dict[str, str], anchors: set[str]) -> str:
    "Links between notebooks, and links that nbdev made of `names`, as links between pages."
    folder = page.folder if page else ""

    def between(m: re.Match) -> str:
        base = (NBS if page else ROOT)/folder/m[2]
        target = Path(os.path.normpath(base))
        if target in docnames:
            to = posixpath.relpath(docnames[target] + ".ipynb", folder or ".")
            return f"{m[1]}{to}{m[3] or ''}"
        if target.name in PLAIN:
            return f"{m[1]}{posixpath.relpath(PLAIN[target.name] + '.md', folder or '.')}"
        return f"{m[1]}{BLOB}{target.relative_to(ROOT).as_posix()}"

    def named(m: re.Match) -> str:
        docname, anchor = m[2], m[3]
        if f"{docname}#{anchor}" not in anchors:
            return m[1]
        return f"[{m[1]}]({posixpath.relpath(docname + '.ipynb', folder or '.')}#{anchor})"

    link = r"(\]\()(?![a-z]+:|#)([^)#\s]+\.(?:ipynb|md)|[./]*LICENSE)(#[^)]*)?"
    text = re.sub(link, between, text)
    made = rf"\[(`[^`]*`)\]\({re.escape(HOST)}([\w/]+)\.html#([^)]*)\)" # by nbdev, of a name
    text = re.sub(rf"\[{made}\](?=\()", r"[\1]", text) # a name that was a link already
    return re.sub(made, named, text)


def note(page: Page) -> NbCell:
    "How to run the page."
    path = page.path.relative_to(ROOT).as_posix()
    return mk_cell(f'<p class="run-note">This page is a notebook: <a href="{BLOB}{path}">{path}</a>. '
                   f"Run it with <code>jupyter lab {path}</code> (<code>dev</code> extra).</p>",
                   "markdown")


def toctree(caption: str, items: list[str]) -> str:
    "A hidden table of contents: a part of the sidebar."
    lines = "\n".join(items)
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n{lines}\n```\n"


def api_page(pages: list[Page]) -> str:
    "An index of every public name by part and module."
    rows = ["# All names\n\nEvery public name by part. Its entry stands beside its explanation."]
    order = ["", *(folder for folder, _ in TREES.values())]
    documented = [p for p in pages if p.names or p.constants]
    part = None
    for page in sorted(documented, key=lambda p: (order.index(p.folder), p.number)):
        if page.folder != part:
            part = page.folder
            rows.append(f"\n## {part.capitalize() or 'Core'}")
        module = page.module.__name__
        rows.append(f"\n### {module}\n\n| name | what it is |\n|---|---|")
        links = {n: f"[`{n}`]({page.docname}.ipynb#{n.lower()})" for n in page.names}
        links |= {n: f"{{py:data}}`{n} <{module}.{n}>`" for n in page.constants}
        both = page.names | page.constants
        about = {name: text.replace("|", r"\|") for name, text in both.items()}
        for name in sorted(links, key=str.lower):
            rows.append(f"| {links[name]} | {about[name]} |")
    return "\n".join(rows) + "\n"


def source_hash() -> str:
    "A hash of all notebooks, for the footer."
    digest = hashlib.sha256()
    for path in sorted(nbglob(as_path=True)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def stage() -> None:
    "Write the processed notebooks and the pages made of them to _proc/."
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir()
    if (NBS/"images").exists():
        shutil.copytree(NBS/"images", STAGE/"images")
    pages = sorted(map(Page, nbglob(as_path=True)), key=lambda p: p.path)
    docnames = {p.path: p.docname for p in pages}
    for page in pages:
        processors(page)(page.nb)
    anchors = {f"{p.docname}#{n.lower()}" for p in pages for n in p.names}
    trees = ""
    for caption, (folder, chosen) in TREES.items():
        part = [p for p in pages if p.folder == folder and p.stem != "index" and chosen(p)]
        if caption == "How to":
            part.sort(key=lambda p: HOW_TO.index(p.stem) if p.stem in HOW_TO else len(HOW_TO))
        items = [f"{p.title} </{p.docname}>" for p in part]
        if caption == "Reference":
            items += [f"/{name}" for name in ("api", *PLAIN.values())]
        trees += toctree(caption, items) if items else ""
    for page in pages:
        for cell in page.nb.cells:
            if cell.cell_type == "markdown":
                cell.source = relink(cell.source, page, docnames, anchors)
        if page.stem == "index":
            page.nb.cells[-1].source += trees
        else:
            page.nb.cells.insert(1, note(page))
        page.nb.metadata.kernelspec = dict(name="python3", display_name="Python 3",
                                           language="python")
        target = STAGE/f"{page.docname}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_nb(page.nb, target)
    for name, docname in PLAIN.items():
        text = relink((ROOT/name).read_text(encoding="utf-8"), None, docnames, anchors)
        (STAGE/f"{docname}.md").write_text(text, encoding="utf-8")
    (STAGE/"api.md").write_text(api_page(pages), encoding="utf-8")


def main() -> int:
    "Stage, then run Sphinx with warnings as errors; exit status of Sphinx."
    stage()
    os.environ["RIS_NB_SOURCE"] = source_hash()
    from sphinx.cmd.build import main as sphinx_build
    html = STAGE/"_build"/"html" # myst-nb leaves a folder jupyter_execute/ beside its target
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(STAGE/"_build"/"doctrees"),
               "-c", str(HERE), str(STAGE), str(html), *sys.argv[1:]]
    status = sphinx_build(options)
    if status == 0:
        shutil.rmtree(OUT, ignore_errors=True)
        shutil.move(html, OUT)
        (OUT/".nojekyll").touch()
        print(f"written: {OUT.relative_to(ROOT)/'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
