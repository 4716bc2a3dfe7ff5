"""Check the built website: links, anchors, entries, nothing lost. Standard library only.

    python docs/check_site.py [SITE]      default _docs
"""
import ast
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).resolve().parents[1]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NO_LOAD = {"canonical", "edit", "search", "prev", "next", "index", "author"}


class Html(HTMLParser):
    "Ids, links, loads and text of one page."
    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.loads, self.texts, self.silent = set(), [], [], [], 0
        self.feed(text)
        self.text = re.sub(r"\s+", "", "".join(self.texts))

    def handle_starttag(self, tag: str, pairs: list) -> None:
        values = dict(pairs)
        self.ids.add(values.get("id"))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        loaded = values.get(LOADS.get(tag, ""))
        if loaded and not NO_LOAD & set((values.get("rel") or "").split()):
            self.loads.append(loaded)
        self.silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(data)


def broken_links(site: Path, pages: dict[Path, Html]) -> tuple[int, list[str]]:
    "Number of links and loads inside the site, and those that lead nowhere or leave it to load."
    count, bad = 0, []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            u = urlparse(link)
            if u.scheme or u.netloc:
                outside = link in page.loads and u.scheme != "data"
                bad += [f"{path.name} loads {link}"] if outside else []
                continue
            count += 1
            target = (path.parent/unquote(u.path)).resolve() if u.path else path
            lost = not target.exists()
            if not lost and u.fragment and target in pages:
                lost = unquote(u.fragment) not in pages[target].ids
            bad += [f"{path.relative_to(site)} links to {link}"] if lost else []
    return count, bad


def public_names() -> list[tuple[str, str, str]]: # module, name, its notebook
    "What the modules offer in `__all__`."
    found = []
    for path in sorted((ROOT/"ris_nb").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        notebook = re.search(r"File to edit: \S*nbs/(\S+)\.ipynb", text)
        if not notebook:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for s in ast.parse(text).body:
            if isinstance(s, ast.Assign) and getattr(s.targets[0], "id", "") == "__all__":
                found += [(module, n, notebook[1]) for n in ast.literal_eval(s.value) if n != "log"]
    return found


def page_name(notebook: str) -> str:
    "The page of a notebook: its path without the number."
    return re.sub(r"(^|/)\d+[a-zA-Z0-9]*_(?=[^/]*$)", r"\1", notebook) + ".html"


def lost_names(pages: dict[str, Html]) -> tuple[int, list[str]]:
    "Number of public names, and those without an entry on the page of their notebook."
    names = public_names()
    missing = []
    for module, name, notebook in names:
        page = pages.get(page_name(notebook))
        if not page or not {name.lower(), f"{module}.{name}"} & page.ids:
            missing.append(f"{module}.{name}")
    return len(names), missing


def lost_content(pages: dict[str, Html], sources: dict[str, str]) -> list[str]:
    "What a notebook shows and its page does not: outputs, pictures, equations."
    lost = []
    for path in sorted((ROOT/"nbs").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        name = page_name(path.relative_to(ROOT/"nbs").with_suffix("").as_posix())
        if name not in pages:
            lost.append(f"{name}: no page")
            continue
        pictures = 0
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if re.search(r"^#\|\s*(hide|include|default_exp)", source, re.M):
                continue
            for output in cell.get("outputs", []):
                pictures += "image/png" in output.get("data", {})
                text = re.sub(r"\s+", "", "".join(output.get("text", "")))
                if text and text not in pages[name].text:
                    lost.append(f"{name}: output {text[:50]!r}")
        shown = len(re.findall(r"<img ", sources[name]))
        lost += [f"{name}: {shown} of {pictures} pictures"] if shown < pictures else []
        prose = re.sub(r"<(pre|code|script)\b.*?</\1>", "", sources[name], flags=re.S)
        if "](" in prose:
            lost.append(f"{name}: shows Markdown as it is written")
        for target in re.findall(r'href="[^"]*?/blob/\w+/([^"#]+)', sources[name]):
            lost += [] if (ROOT/target).exists() else [f"{name}: links to {target}, no such file"]
        if re.search(r'<span class="c\w*">#\|\s*[a-z]', sources[name]):
            lost.append(f"{name}: shows a directive #|")
    return lost


def main() -> int:
    "Exit status 1 if something is broken."
    site = (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT/"_docs").resolve()
    sources = {f.relative_to(site).as_posix(): f.read_text(encoding="utf-8")
               for f in site.rglob("*.html")}
    if "index.html" not in sources:
        print(f"{site} holds no website: run python docs/build.py")
        return 1
    pages = {name: Html(text) for name, text in sources.items()}
    n_links, problems = broken_links(site, {(site/n).resolve(): p for n, p in pages.items()})
    n_names, missing = lost_names(pages)
    problems += [f"{name} has no entry" for name in missing]
    problems += lost_content(pages, sources)
    problems += [] if (site/"objects.inv").exists() else ["objects.inv is missing"]
    for f in site.rglob("*.css"):
        for url in re.findall(r"(?:url\(|@import\s+)[\"']?(https?://[^\"')\s]+)", f.read_text()):
            problems.append(f"{f.name} loads {url}")
    print(*problems, sep="\n" if problems else "")
    size = sum(f.stat().st_size for f in site.rglob("*") if f.is_file())
    print(f"site: {len(pages)} pages, {n_links} internal links, {n_names} names with an entry, "
          f"{size / 1e6:.1f} MB, {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
