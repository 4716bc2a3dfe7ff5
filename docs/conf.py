"Settings of Sphinx; `build.py` runs it."
import importlib.resources
import os
import re

from docutils import nodes
from nbdev.config import get_config
from sphinx.application import Sphinx

CONFIG = get_config()
project, author, release = CONFIG.title, CONFIG.author, CONFIG.version
copyright = f"{CONFIG.copyright}. Version {release}, notebooks {os.environ.get('RIS_NB_SOURCE')}"
extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx_copybutton"]
exclude_patterns = ["_build", "**/jupyter_execute"]
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 5
myst_heading_slug_func = "conf.slug"
html_theme = "furo"
html_title = f"{project} {release}"
html_theme_options = dict(source_repository=CONFIG.git_url, top_of_page_buttons=[],
                          navigation_with_keys=True)
MATHJAX = importlib.resources.files("mathjax")/"static/mathjax/es5/tex-svg-full.js"
html_static_path = ["_static", str(MATHJAX)]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
mathjax_path = "tex-svg-full.js" # from a wheel: Sphinx's default is a server on the network
pygments_style = "friendly"
pygments_dark_style = "github-dark"
FOLDED = "more-tests"


def slug(title: str) -> str:
    "Anchor of a heading, as nbdev writes it: lower case, `Class.method` keeps its dot."
    return re.sub(r"[^\w.]+", "-", title.lower()).strip("-")


def fold_tests(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    "Put the section `More tests` of a page between <details> and </details>."
    for section in doctree.findall(nodes.section):
        if FOLDED not in section["ids"] and FOLDED not in section.get("names", []):
            continue
        opening = '<details class="more-tests"><summary>Show the further tests</summary>'
        section.insert(1, nodes.raw("", opening, format="html"))
        section.append(nodes.raw("", "</details>", format="html"))


def setup(app: Sphinx) -> dict:
    "Called by Sphinx."
    app.connect("doctree-resolved", fold_tests)
    return dict(parallel_read_safe=True, parallel_write_safe=True)
