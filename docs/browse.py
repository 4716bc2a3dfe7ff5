"""Open every page of the built website in headless Chromium, as a reader would.

    python docs/browse.py [SITE]      default _docs; needs playwright and the system's chromium

Checks: no console error, no failed request, no request off the host, every equation typeset, no
sideways overflow of a page or of its code on a wide screen and at 400 px, the theme switch, and
that the search finds.
"""
import functools
import http.server
import os
import shutil
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDE, PHONE = dict(width=1400, height=900), dict(width=400, height=800)
SEARCHES = { # what is typed -> page that must come first
    "steering": "physics/geometry.html",
    "eigengap": "training/eigengap.html",
    "half precision": "training/fp32_validation.html",
    "Cramer": "localization/bounds.html"}
UNTYPESET = "document.querySelectorAll('.math:not(:has(mjx-container)), mjx-merror').length"
CODE = "div.cell_input div.highlight pre, div.highlight-python pre"
WIDER = f"[...document.querySelectorAll('{CODE}')].filter(e => e.scrollWidth > e.clientWidth + 1)"
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"


class Quiet(http.server.SimpleHTTPRequestHandler):
    "A file server that says nothing."
    def log_message(self, *args) -> None:
        pass


def serve(site: Path) -> tuple[http.server.ThreadingHTTPServer, str]:
    "A server of the site on a free port, and its address."
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def typeset(page) -> None:
    "Wait until MathJax is done."
    page.wait_for_function("!window.MathJax || (MathJax.startup && MathJax.startup.promise)")
    page.evaluate("window.MathJax ? MathJax.startup.promise.then(() => true) : true")


def check_page(page, address: str, name: str) -> tuple[int, list[str]]:
    "Equations of a page, and what is wrong with it."
    wrong: list[str] = []
    listeners = {
        "console": lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None,
        "pageerror": lambda e: wrong.append(f"error: {e}"),
        "requestfailed": lambda r: wrong.append(f"request failed: {r.url}"),
        "request": lambda r: wrong.append(f"request off the host: {r.url}")
        if not r.url.startswith((address, "data:", "blob:")) else None,
        "response": lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None}
    for event, listener in listeners.items():
        page.on(event, listener)
    page.set_viewport_size(WIDE)
    page.goto(f"{address}/{name}")
    typeset(page)
    equations = page.locator(".math").count()
    if left := page.evaluate(UNTYPESET):
        wrong.append(f"{left} of {equations} equations are not typeset")
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.wait_for_timeout(50)
        if (over := page.evaluate(OVERFLOW)) > 1:
            wrong.append(f"{over} px too wide for a screen of {size['width']} px")
        if scrolled := page.evaluate(f"{WIDER}.length"):
            wrong.append(f"{scrolled} blocks of code scroll sideways at {size['width']} px")
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    return equations, [f"{name}: {w}" for w in wrong]


def check_search(page, address: str) -> list[str]:
    "Searches whose first result is another page."
    wrong = []
    for query, expected in SEARCHES.items():
        page.goto(f"{address}/search.html?q={query.replace(' ', '+')}")
        page.wait_for_selector("#search-results ul.search li a", timeout=10000)
        page.wait_for_timeout(500)
        first = page.locator("#search-results ul.search li a").first.get_attribute("href")
        found = first.split("?")[0].split("#")[0].lstrip("./")
        print(f"search {query!r}: {found}")
        if found != expected:
            wrong.append(f"search {query!r} finds {found} first, not {expected}")
    return wrong


def check_theme(page, address: str) -> list[str]:
    "Does the switch change the theme?"
    page.set_viewport_size(WIDE)
    page.goto(address)
    colors = set()
    for _ in range(3): # automatic, light, dark
        page.locator(".theme-toggle:visible").first.click()
        colors.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    return [] if len(colors) > 1 else [f"the theme switch shows {colors} only"]


def main() -> int:
    "Exit status 1 if something is wrong; a loud word if there is no browser."
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT/"_docs"
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or browser_path is None:
        print("SKIPPED: no chromium or no playwright here, NO PAGE WAS OPENED IN A BROWSER")
        return int(os.environ.get("RIS_NB_BROWSER") == "required")
    server, address = serve(site)
    names = sorted(f.relative_to(site).as_posix() for f in site.rglob("*.html"))
    equations, problems = 0, []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page()
        for name in names:
            n, wrong = check_page(page, address, name)
            equations += n
            problems += wrong
        problems += check_theme(page, address) + check_search(page, address)
        browser.close()
    server.shutdown()
    print(*problems, sep="\n" if problems else "")
    print(f"browser: {len(names)} pages, {equations} equations, {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
