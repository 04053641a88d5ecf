"""The site in headless Chromium: nothing refused, nothing pale, nothing sideways, and nothing that a guest made runs.

Screenshots of what was looked at are left in $FARM_SCREENSHOTS, where that is set.
"""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from farm import report, results
from farm.catalogue import load
from farm.diff import compare
from farm.run import find, run
from tests.made_up import SERIES, Shape, catalogue_files, info, kernel, record, write_all

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find("chromium") is None, reason="no chromium here: apt-get install chromium"),
]

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
)
DARK = "--blink-settings=preferredColorScheme=0"
HOSTILE = "<script>owned=1</script><img src=x onerror=owned=1>\"'><b>\x1b[2J\u202e"
PROBE = "mmap.behaviour_0.probe_0"


@dataclass(frozen=True)
class Browser:
    """Chromium with a profile of its own."""

    profile: Path
    out: Path

    def start(self, *options: str) -> tuple[str, str]:
        """Run it to its end; return what it printed and what its pages complained about."""
        done = run(["chromium", *FLAGS, f"--user-data-dir={self.profile}", *options], timeout=120)
        complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout.decode(), "\n".join(complaints)

    def look(self, pages: list[str], widths: list[int], *options: str) -> list[dict[str, Any]]:
        """Open pages in frames of some widths and return what was seen of each."""
        script = (Path(__file__).parent / "browser" / "look.js").read_text()
        todo = json.dumps({"pages": pages, "widths": widths})
        harness = self.out / "look.html"
        harness.write_text(
            f'<!doctype html><meta charset="utf-8"><script type="application/json" id="pages">{todo}</script>'
            f'<pre id="seen"></pre><script>{script}</script>'
        )
        flags = ("--allow-file-access-from-files", "--virtual-time-budget=60000", "--dump-dom")
        dom, complaints = self.start(*options, *flags, harness.as_uri())
        assert complaints == ""
        seen = json.loads(html.unescape(dom.partition('<pre id="seen">')[2].partition("</pre>")[0]))
        assert isinstance(seen, list), seen
        return seen


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Return a browser, and a site in which one kernel's guest said whatever it liked."""
    folder = tmp_path_factory.mktemp("browser")
    shape = Shape(behaviours=2, probes=2, kinds=4)
    for name, text in catalogue_files(shape).items():
        (folder / name).write_text(text)
    root = write_all(folder / "results", shape)
    evil = kernel("7.4-1")
    results.write(
        root,
        info(evil, oopses=(HOSTILE,), tainted=True, cpu=HOSTILE),
        [record(PROBE, mmap=HOSTILE), record("sweep.madvise.kind_0", madv_0=HOSTILE)],
    )
    report.site(root, load(folder), folder / "out")
    return Browser(folder / "profile", folder / "out")


def one_page_of_each_kind(out: Path) -> list[str]:
    """Return one page for each template, the hostile guest's where there is one."""
    pair = f"diff/{kernel(SERIES[-1]).name}..{kernel('7.4-1').name}.html"
    pages = ["index.html", "sweeps.html", "behaviour/mmap.behaviour_0.html", "behaviour/sweep.madvise.html", pair]
    pages += [f"kernel/{kernel('7.4-1').name}.html", "matrix/x86_64-plain.html"]
    assert [page for page in pages if not (out / page).is_file()] == []
    return pages


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(252, 251, 249)"), ("dark", "rgb(20, 23, 27)")])
def test_every_kind_of_page_is_readable_on_a_phone_and_a_desk(browser: Browser, scheme: str, ground: str) -> None:
    seen = browser.look(one_page_of_each_kind(browser.out), [390, 1280], *([DARK] if scheme == "dark" else []))
    assert len(seen) == 14
    for one in seen:
        assert one["ground"] == ground, one
        assert one["sideways"] <= 0, one
        assert one["pale"] == [], one
        assert one["focusable"] > 5, one
        assert one["text"] > 200, one


def test_what_a_guest_printed_stays_text(browser: Browser) -> None:
    for one in browser.look(one_page_of_each_kind(browser.out), [1280]):
        assert (one["scripts"], one["owned"]) == (0, False), one


def test_pages_open_without_a_complaint(browser: Browser) -> None:
    for page in one_page_of_each_kind(browser.out):
        dom, complaints = browser.start("--dump-dom", (browser.out / page).as_uri())
        assert complaints == "", page
        assert "<main" in dom


def test_a_diff_that_stands_alone_has_its_style_and_no_complaint(browser: Browser) -> None:
    stored = results.scan(browser.out.parent / "results")
    catalogue = load(browser.out.parent)
    diff = compare(stored, catalogue, kernel(SERIES[0]).name, kernel("7.4-1").name)
    (browser.out / "alone.html").write_text(report.diff_page(diff, stored, catalogue))
    (seen,) = browser.look(["alone.html"], [390])
    assert (seen["ground"], seen["sideways"], seen["pale"], seen["owned"]) == ("rgb(252, 251, 249)", 0, [], False)
    _, complaints = browser.start("--dump-dom", (browser.out / "alone.html").as_uri())
    assert complaints == ""


@pytest.mark.skipif(not os.environ.get("FARM_SCREENSHOTS"), reason="FARM_SCREENSHOTS names no folder")
def test_screenshots_are_left_for_people_to_look_at(browser: Browser) -> None:
    folder = Path(os.environ["FARM_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    for page in one_page_of_each_kind(browser.out):
        for name, options in {"desk": ("1360,1600",), "phone": ("390,1600",), "dark": ("1360,1600", DARK)}.items():
            file = folder / f"{page.replace('/', '-')}-{name}.png"
            size, *others = options
            browser.start(f"--window-size={size}", *others, f"--screenshot={file}", (browser.out / page).as_uri())
            assert file.stat().st_size > 5000
