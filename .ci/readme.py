"""Write README.md from nbs/index.ipynb, without Quarto. Standard library only.

    readme.py            write README.md, and nbs/images/index_*.png for figures the notebook drew
    readme.py --check    exit 1 with a diff if README.md is out of step, or a link leads nowhere
"""
import base64
import difflib
import json
import posixpath
import re
import sys
from pathlib import Path

ROOT, NBS = Path(__file__).resolve().parents[1], "nbs"
HEAD = f"<!-- Written by .ci/readme.py from {NBS}/index.ipynb: edit that, not this file. -->"
DIRECTIVE = re.compile(r"^\s*#\s*\|.*$")
LINK = re.compile(r'(\]\(|(?:src|href)=")([^)"\s]+)')
FENCED = re.compile(r"(^```.*?^```)", re.M | re.S)


def from_root(text: str) -> str:
    "Rewrite the relative links of `text`, which hold in nbs/, for the root folder."
    def relative(m: re.Match) -> str:
        if re.match(r"[a-z]+:|#|/", m[2]):
            return m[0]
        return m[1] + posixpath.normpath(posixpath.join(NBS, m[2]))

    parts = FENCED.split(text) # fenced blocks stay as they are
    return "".join(p if p.startswith("```") else LINK.sub(relative, p) for p in parts)


def shown_output(output: dict, name: str, alt: str, pictures: dict[str, bytes]) -> str:
    "One output of a code cell as markdown; figures go into `pictures` under `name`."
    data = output.get("data", {})
    if "image/png" in data:
        pictures[name] = base64.b64decode("".join(data["image/png"]))
        return f"![{alt}]({name})"
    if "text/markdown" in data:
        return from_root("".join(data["text/markdown"]))
    text = "".join(output.get("text", "")) or "".join(data.get("text/plain", ""))
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""


def readme(notebook: dict) -> tuple[str, dict[str, bytes]]:
    "The text of the README and its pictures, {path: bytes}."
    blocks, pictures = [HEAD], {}
    for i, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            blocks.append(from_root(source.strip()))
        if cell["cell_type"] != "code":
            continue
        found = re.findall(r"^\s*#\s*\|\s*([\w-]+(?::\s*\w+)?)", source, flags=re.M)
        if {"hide", "include: false", "default_exp"} & set(found):
            continue
        code = "\n".join(line for line in source.splitlines() if not DIRECTIVE.match(line)).strip()
        if code and "echo: false" not in found:
            blocks.append(f"```python\n{code}\n```")
        for k, output in enumerate(cell["outputs"]):
            name = f"{NBS}/images/index_{i}_{k}.png"
            title = re.search(r'(?:suptitle|set_title)\(\s*"([^"]+)"', source)
            alt = title[1] if title else "The parts of the package"
            blocks.append(shown_output(output, name, alt, pictures))
    return "\n\n".join(b for b in blocks if b) + "\n", pictures


def dead_links(text: str) -> list[str]:
    "Relative links of `text` whose target does not exist."
    targets = [t.split("#")[0] for _, t in LINK.findall(FENCED.sub("", text))
               if not re.match(r"[a-z]+:|#", t)]
    return sorted({t for t in targets if not (ROOT/t).exists()})


def check(files: dict[str, bytes]) -> int:
    "Exit status 1 if a file is out of step or a link leads nowhere."
    stale = [n for n, data in files.items()
             if not (ROOT/n).exists() or (ROOT/n).read_bytes() != data]
    text = files["README.md"].decode()
    old = (ROOT/"README.md").read_text(encoding="utf-8") if (ROOT/"README.md").exists() else ""
    sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True),
                                               "README.md", f"{NBS}/index.ipynb"))
    for name in stale:
        print(f"{name} is out of step with {NBS}/index.ipynb: run python .ci/readme.py")
    dead = dead_links(text)
    for target in dead:
        print(f"README.md links to {target}, which does not exist")
    if stale or dead:
        return 1
    print("readme: in step, every link leads somewhere")
    return 0


def main() -> int:
    "Write or check."
    notebook = json.loads((ROOT/NBS/"index.ipynb").read_text(encoding="utf-8"))
    text, pictures = readme(notebook)
    files = {"README.md": text.encode(), **pictures}
    if "--check" in sys.argv:
        return check(files)
    for name, data in files.items():
        (ROOT/name).parent.mkdir(exist_ok=True)
        (ROOT/name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
