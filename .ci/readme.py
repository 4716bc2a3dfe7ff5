"""Write README.md from nbs/index.ipynb, without Quarto. Standard library only.

    readme.py            write README.md (and nbs/images/index_*.png for figures that the notebook drew)
    readme.py --check    exit 1 with a diff if README.md is out of step, or if a link of it leads nowhere
"""
import base64, difflib, json, posixpath, re, sys
from pathlib import Path

ROOT, NBS = Path(__file__).resolve().parents[1], 'nbs'
HEAD = f'<!-- Written by .ci/readme.py from {NBS}/index.ipynb: edit the notebook, not this file. -->'
DIRECTIVE = re.compile(r'^\s*#\s*\|.*$')
LINK = re.compile(r'(\]\(|(?:src|href)=")([^)"\s]+)')


def from_root(text):
    "Rewrite the relative links of `text`, which hold in nbs/, so that they hold in the root folder."
    def relative(m):
        target = m[2]
        return m[0] if re.match(r'[a-z]+:|#|/', target) else m[1] + posixpath.normpath(posixpath.join(NBS, target))
    parts = re.split(r'(^```.*?^```)', text, flags=re.M | re.S)  # fenced blocks stay as they are
    return ''.join(part if part.startswith('```') else LINK.sub(relative, part) for part in parts)


def output(o, name, pictures):
    "One output of a code cell as markdown; figures go into `pictures` under `name`."
    data = o.get('data', {})
    if 'image/png' in data:
        pictures[name] = base64.b64decode(''.join(data['image/png']))
        return f"![{Path(name).stem.replace('_', ' ')}]({name})"
    if 'text/markdown' in data: return from_root(''.join(data['text/markdown']))
    text = ''.join(o.get('text', '')) or ''.join(data.get('text/plain', ''))
    return f'```text\n{text.rstrip()}\n```' if text.strip() else ''


def readme(nb):
    "The text of the README and its pictures, {path: bytes}."
    blocks, pictures = [HEAD], {}
    for i, cell in enumerate(nb['cells']):
        source = ''.join(cell['source'])
        if cell['cell_type'] == 'markdown': blocks.append(from_root(source.strip()))
        if cell['cell_type'] != 'code': continue
        directives = set(re.findall(r'^\s*#\s*\|\s*([\w-]+(?::\s*\w+)?)', source, flags=re.M))
        if directives & {'hide', 'include: false', 'default_exp'}: continue
        code = '\n'.join(l for l in source.splitlines() if not DIRECTIVE.match(l)).strip()
        if code and 'echo: false' not in directives: blocks.append(f'```python\n{code}\n```')
        blocks += [output(o, f'{NBS}/images/index_{i}_{k}.png', pictures) for k, o in enumerate(cell['outputs'])]
    return '\n\n'.join(b for b in blocks if b) + '\n', pictures


def dead_links(text):
    "Relative links of `text` whose target does not exist."
    text = re.sub(r'^```.*?^```', '', text, flags=re.M | re.S)
    targets = [t.split('#')[0] for _, t in LINK.findall(text) if not re.match(r'[a-z]+:|#', t)]
    return sorted({t for t in targets if not (ROOT/t).exists()})


def main():
    text, pictures = readme(json.loads((ROOT/NBS/'index.ipynb').read_text(encoding='utf-8')))
    files = {'README.md': text.encode(), **pictures}
    if '--check' not in sys.argv:
        for name, data in files.items():
            (ROOT/name).parent.mkdir(exist_ok=True)
            (ROOT/name).write_bytes(data)
        return
    stale = [n for n, data in files.items() if not (ROOT/n).exists() or (ROOT/n).read_bytes() != data]
    old = (ROOT/'README.md').read_text(encoding='utf-8') if (ROOT/'README.md').exists() else ''
    sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), 'README.md', f'{NBS}/index.ipynb'))
    for n in stale: print(f'{n} is out of step with {NBS}/index.ipynb: run python .ci/readme.py')
    for t in (dead := dead_links(text)): print(f'README.md links to {t}, which does not exist')
    if stale or dead: sys.exit(1)
    print('readme: in step, every link leads somewhere')


if __name__ == '__main__': main()
