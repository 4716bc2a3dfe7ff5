"""Check the rules of the notebooks (CONTRIBUTING.md). Standard library only.

    check_notebooks.py [ROOT]     exit 1 and name notebook and cell if a rule is broken
    check_notebooks.py --self-test    break every rule once in a toy project and see it found
"""
import ast, json, re, sys, tempfile
from pathlib import Path

LIB, REACH, CELL_LINES, MODULE_LINES, MEGABYTES = 'ris_nb', 3, 45, 200, 1.5
DIRECTIVE = re.compile(r'^\s*#\s*\|\s*([\w-]+):?[ \t]*(.*)$', re.M)
# a parameter on a line of its own with its comment, a docstring, a comment: documentation, not code
DOCUMENTATION = re.compile(r'^\s*(#.*|\w+: .*, # .*|\) -> .*: # .*|\*,|"[^"]*")?$')
MACHINE_PATH = re.compile(r'(?<![\w.~])/(root|work|tmp|home|opt|mnt|Users)/\w')


class Cell:
    "A code or markdown cell with its directives and syntax tree."
    def __init__(self, i, raw):
        self.i, self.kind, self.outputs = i, raw['cell_type'], raw.get('outputs', [])
        self.source = ''.join(raw['source'])
        self.directives = dict(DIRECTIVE.findall(self.source)) if self.code else {}
        self.lines = [l for l in self.source.strip().splitlines() if not DIRECTIVE.match(l)]
        plain = re.sub(r'^([ \t]*)[%!].*$', r'\1pass', self.source, flags=re.M)  # IPython magics
        self.body = [] if not self.code or self.source.startswith('%%') else ast.parse(plain).body

    @property
    def code(self): return self.kind == 'code'
    @property
    def exported(self): return bool({'export', 'exports', 'exporti'} & self.directives.keys())
    @property
    def hidden(self): return 'hide' in self.directives or self.directives.get('include') == 'false'
    @property
    def shows(self):
        "Is this a visible example or test?"
        if not self.code or self.exported or self.hidden or self.directives.get('eval') == 'false' or 'nbdev_export(' in self.source: return False
        return any(isinstance(n, (ast.Call, ast.Assert)) for s in self.body for n in ast.walk(s))


def imported(cell):
    "Modules of the library that `cell` imports, anywhere in it."
    for node in (n for s in cell.body for n in ast.walk(s)):
        if isinstance(node, ast.Import): names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level: names = ['.'.join([LIB, node.module or a.name]) for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == LIB: names = [f'{LIB}.{a.name}' for a in node.names]
        elif isinstance(node, ast.ImportFrom): names = [node.module]
        else: continue
        yield from {n.split('.')[1] for n in names if n.startswith(LIB + '.')} - {'__version__'}


def texts(cell):
    "Every text that the outputs of `cell` show."
    for o in cell.outputs:
        yield ''.join(o.get('text', ''))
        for kind, data in o.get('data', {}).items():
            if kind.startswith('text/') or 'svg' in kind: yield ''.join(data)


def check_cell(cells, k, number, numbers):
    "Yield what is wrong with cell `k`."
    c = cells[k]
    if c.kind == 'markdown' and re.search(r'^\s*:::', c.source, re.M): yield 'callout or div (:::): plain Jupyter and GitHub do not show it'
    if k < 2 and not c.code and re.search(r'skip_exec:\s*true', c.source): yield 'skip_exec: nbdev_test would pass this notebook without running it'
    for m in imported(c):
        if m not in numbers: yield f'imports {LIB}.{m}, which no notebook exports'
        elif numbers[m] >= number: yield f'imports {LIB}.{m} of notebook {numbers[m]:02d}: only lower numbers than {number:02d} are allowed'
    for o in c.outputs:
        if o.get('name') == 'stderr': yield 'output on stderr is committed'
        if o['output_type'] == 'error': yield f"the committed output is an error: {o.get('ename')}"
    for t in texts(c):
        if m := MACHINE_PATH.search(t): yield f'output holds a path of one machine: {t[m.start():m.start() + 40]!r}'
    if not c.exported: return
    if len(c.lines) > CELL_LINES: yield f'exported cell of {len(c.lines)} lines (at most {CELL_LINES})'
    imports = [s for s in c.body if isinstance(s, (ast.Import, ast.ImportFrom))]
    names_all = [s for s in c.body if isinstance(s, ast.Assign) and getattr(s.targets[0], 'id', '') == '__all__']
    if len(imports) + len(names_all) == len(c.body): return
    if imports: yield 'exported cell mixes imports and code: import cells hold only imports'
    if not any(n.shows for n in cells[k + 1:k + 1 + REACH]):
        yield f'no visible example or test within {REACH} cells of this exported cell'


def check(root):
    "List every broken rule of the project at `root`."
    nbs, problems, numbers = sorted((root/'nbs').glob('*.ipynb')), [], {}
    books = {p: [Cell(i, raw) for i, raw in enumerate(json.loads(p.read_text(encoding='utf-8'))['cells'])] for p in nbs}
    order = {p: 10**6 if p.stem == 'index' else int(m[1]) if (m := re.match(r'(\d+)_', p.name)) else None for p in nbs}
    for p, cells in books.items():
        if order[p] is None: problems.append(f'{p.name}: the name must be index.ipynb or NN_module.ipynb')
        numbers.update({c.directives['default_exp']: order[p] for c in cells if 'default_exp' in c.directives})
        if p.stat().st_size > MEGABYTES * 1e6: problems.append(f'{p.name}: {p.stat().st_size / 1e6:.2f} MB (at most {MEGABYTES})')
    if problems or not nbs: return problems or ['nbs/ holds no notebook']
    for p, cells in books.items():
        for k, c in enumerate(cells):
            head = (c.lines or [''])[0][:60]
            problems += [f'{p.name} cell {c.i} ({head!r}): {what}' for what in check_cell(cells, k, order[p], numbers)]
    for m in sorted((root/LIB).glob('*.py')):
        if m.stem in ('__init__', '_modidx'): continue
        if m.stem not in numbers: problems.append(f'{LIB}/{m.name}: no notebook exports it')
        n = sum(not DOCUMENTATION.match(l) for l in m.read_text(encoding='utf-8').splitlines())
        if n > MODULE_LINES: problems.append(f'{LIB}/{m.name}: {n} lines of code (at most {MODULE_LINES})')
    return problems


def self_test():
    "Each rule broken once, in a project that is otherwise clean, gives exactly its message."
    def c(source, kind='code', **output):
        return dict(cell_type=kind, source=source, outputs=[dict(output_type='stream', **output)] if output else [])
    use, export = c('f(1)'), c('#| export\ndef f(x): return x')
    good = [c('#| default_exp b'), c('#| export\nfrom ris_nb.a import g\nimport math'), c('Text.', 'markdown'), export, c('Text.', 'markdown'), use]
    cases = {
        '': good, 'only lower numbers': [*good, c('def h():\n    import ris_nb.b')], 'no notebook exports': [*good, c('from ris_nb import zzz')],
        'within 3 cells': [*good[:3], export, use | dict(source='#| hide\nf(1)'), use | dict(source='y = 2'), use | dict(source='#| eval: false\nf(1)'), use],
        'exported cell of 46': [*good, c('#| exports\ndef h():\n' + '    x = 1\n' * 45), use], 'mixes imports': [*good, c('#| export\nimport os\nk = os.sep'), use],
        'stderr': [*good, c('f(2)', name='stderr', text='w')], 'path of one machine': [*good, c('f(2)', name='stdout', text=['saved ', '/ho' + 'me/me/x'])],
        ':::': [*good, c('::: {.callout-note}', 'markdown')], 'skip_exec': [c('---\nskip_exec: true\n---', 'raw'), *good],
        'MB': [*good, c('# ' + 'x' * 1_600_000)], '201 lines of code': good, 'b.py: no notebook': good[1:], 'is an error': good, 'name must be': good}
    cases['is an error'] = [*good, dict(c('f(2)'), outputs=[dict(output_type='error', ename='E')])]
    for message, cells in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root/'nbs').mkdir(), (root/LIB).mkdir()
            books = {'01_a': [c('#| default_exp a')], 'x_b' if 'name' in message else '02_b': cells, 'index': [c('from ris_nb.b import f')] if message != 'b.py: no notebook' else []}
            for name, raw in books.items(): (root/'nbs'/f'{name}.ipynb').write_text(json.dumps(dict(cells=raw)))
            (root/LIB/'b.py').write_text('x = 1\n' * (201 if '201' in message else 3))
            found = check(root)
            assert [message in f for f in found] == [True] * bool(message), f'{message!r}: found {found}'
    print(f'check_notebooks: self-test passed, {len(cases)} cases')


if __name__ == '__main__':
    if '--self-test' in sys.argv: sys.exit(self_test())
    problems = check(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]))
    print('\n'.join(problems) or 'check_notebooks: every rule holds')
    sys.exit(bool(problems))
