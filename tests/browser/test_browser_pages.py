"""The site in Chromium: nothing refused, nothing pale, nothing sideways, and nothing that a guest made runs."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from farm import report, results
from farm.catalogue import load
from farm.diff import compare
from tests.browser.conftest import EVIL, Browser, Tab, one_of_each
from tests.made_up import SERIES, kernel

pytestmark = pytest.mark.browser

GROUNDS = {"light": "rgb(252, 251, 249)", "dark": "rgb(20, 23, 27)"}
# Without preload: axe would fetch the style again, which the pages' own policy refuses.
RULES = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SEEN = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const root = document.documentElement;
  return {
    ground: getComputedStyle(document.body).backgroundColor,
    sideways: root.scrollWidth - root.clientWidth,
    scripts: [...document.scripts].map((script) => script.getAttribute("src")),
    owned: "owned" in window,
    text: document.body.innerText.length,
  };
}"""


def complaints(tab: Tab) -> list[str]:
    """Return what axe finds, each rule with the first element that it is about."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here: pip install -e .[dev]")
    found: dict[str, Any] = axe.Axe().run(tab.page, options=RULES).response
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


@pytest.mark.parametrize("scheme", GROUNDS)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_kind_of_page_is_readable(browser: Browser, width: int, scheme: str) -> None:
    with browser.tab(width, scheme) as tab:
        for path in one_of_each(browser.out):
            seen = tab.open(path).evaluate(SEEN)
            tab.keep(f"{path.removesuffix('.html')}-{width}-{scheme}")
            assert seen["ground"] == GROUNDS[scheme], path
            assert seen["sideways"] <= 0, path
            assert seen["text"] > 200, path
            assert complaints(tab) == [], path
            assert tab.said == [], path


def test_what_a_guest_printed_stays_text(browser: Browser) -> None:
    with browser.tab() as tab:
        for path in one_of_each(browser.out):
            seen = tab.open(path).evaluate(SEEN)
            assert (seen["scripts"], seen["owned"]) == (["../" * path.count("/") + "site.js"], False), path
        text = tab.open("behaviour/mmap.behaviour_0.html").inner_text("main")
        assert "<script>owned=1</script><img src=x onerror=owned=1>" in text


def test_without_scripts_everything_is_there(browser: Browser) -> None:
    with browser.tab(scripts=False) as tab:
        for path in one_of_each(browser.out):
            page = tab.open(path)
            assert page.locator("main").inner_text(), path
            assert page.locator("input").count() == 0, path
        tab.open("index.html")
        assert tab.page.locator("table.matrix tr.row").first.is_visible()
        tab.open("behaviour/mprotect.behaviour_0.html")
        assert tab.page.locator("details[open] tr.differs").first.is_visible()
        tab.page.locator("details.every > summary").first.click()
        assert tab.page.locator("details.every[open] details > summary").first.is_visible()
        assert tab.said == []


def test_a_diff_that_stands_alone_has_its_style_and_no_complaint(browser: Browser) -> None:
    folder = browser.out.parent
    stored, catalogue = results.scan(folder / "results"), load(folder)
    diff = compare(stored, catalogue, kernel(SERIES[0]).name, EVIL.name)
    (folder / "alone.html").write_text(report.diff_page(diff, stored, catalogue))
    with Browser(browser.chromium, folder).tab(390) as tab:
        seen = tab.open("alone.html").evaluate(SEEN)
        assert (seen["ground"], seen["sideways"], seen["owned"]) == (GROUNDS["light"], 0, False)
        assert (complaints(tab), tab.said) == ([], [])


class Quiet(SimpleHTTPRequestHandler):
    """A web server that writes nothing to the terminal."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_it_works_below_any_path_of_a_server(browser: Browser) -> None:
    handler = partial(Quiet, directory=str(browser.out.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            with browser.tab() as tab:
                tab.page.goto(f"http://127.0.0.1:{server.server_port}/{browser.out.name}/index.html")
                assert tab.page.evaluate(SEEN)["ground"] == GROUNDS["light"]
                tab.page.locator("table.matrix tr.row a").first.click()
                assert tab.page.locator("h1").inner_text().startswith("mmap.")
                assert tab.page.evaluate(SEEN)["ground"] == GROUNDS["light"]
                assert tab.said == []
        finally:
            server.shutdown()
            serving.join()


def test_printed_it_has_no_navigation_and_nothing_cut(browser: Browser) -> None:
    with browser.tab() as tab:
        tab.page.emulate_media(media="print")
        page = tab.open("index.html")
        assert not page.locator("nav").first.is_visible()
        assert not page.locator("input").first.is_visible()
        cut = "e => e.scrollHeight - e.clientHeight"
        assert page.locator("#matrix .tall").evaluate(cut) <= 1


@pytest.mark.long
def test_every_page_of_the_committed_results_opens_without_a_complaint(committed: Browser) -> None:
    with committed.tab(390) as tab:
        for path in sorted(committed.out.rglob("*.html")):
            seen = tab.open(path.relative_to(committed.out).as_posix()).evaluate(SEEN)
            assert (seen["sideways"] <= 0, seen["owned"], tab.said) == (True, False, []), path


@pytest.mark.long
@pytest.mark.parametrize("folder", [".", "behaviour", "diff", "kernel", "matrix", "arch", "arches", "sweep", "upgrade"])
def test_the_largest_pages_of_the_committed_results_are_accessible(committed: Browser, folder: str) -> None:
    pages = sorted((committed.out / folder).rglob("*.html"), key=lambda path: path.stat().st_size)
    chosen: list[Path] = sorted((committed.out).glob("*.html")) if folder == "." else pages[-1:]
    with committed.tab() as tab:
        for path in chosen:
            tab.open(path.relative_to(committed.out).as_posix())
            assert complaints(tab) == [], path
