"""A Chromium, a made-up site in which one guest said whatever it liked, and the site of the committed results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from farm import report, results
from farm.catalogue import load
from farm.run import find
from farm.settings import ROOT
from tests.made_up import SERIES, Shape, catalogue_files, info, kernel, record, write_all

# playwright's, which need not be installed where no page is looked at
Page = Any
Request = Any
Chromium = Any

HOSTILE = "<script>owned=1</script><img src=x onerror=owned=1>\"'><b>\x1b[2J\u202e"
PROBE = "mmap.behaviour_0.probe_0"
EVIL = kernel("7.4-1")
CATALOGUE = ROOT / "guest" / "catalogue"
SCREENSHOTS = Path(os.environ.get("FARM_SCREENSHOTS") or ROOT / "build" / "screenshots")


@dataclass
class Tab:
    """A page of Chromium that remembers what the console said."""

    page: Page
    out: Path
    said: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of the site; `path` may end in an anchor."""
        file, _, anchor = path.partition("#")
        self.page.goto((self.out / file).as_uri() + (f"#{anchor}" if anchor else ""))
        return self.page

    def failed(self, request: Request) -> None:
        """Note what was not loaded, but for an icon that the next page overtook."""
        if request.failure != "net::ERR_ABORTED":
            self.said.append(f"not loaded: {request.url}")

    def keep(self, name: str) -> None:
        """Keep a screenshot as an artefact."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name.replace('/', '-')}.png")


@dataclass
class Browser:
    """Chromium, and the site that it looks at."""

    chromium: Chromium
    out: Path

    @contextmanager
    def tab(self, width: int = 1280, scheme: str = "light", *, scripts: bool = True) -> Iterator[Tab]:
        """Open a tab of this width, that prefers light or dark."""
        size = {"width": width, "height": 900}
        context = self.chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts)
        try:
            tab = Tab(context.new_page(), self.out)
            tab.page.on("console", lambda message: tab.said.append(message.text))
            tab.page.on("pageerror", lambda error: tab.said.append(str(error)))
            tab.page.on("requestfailed", tab.failed)
            yield tab
        finally:
            context.close()


def made(root: Path, catalogue: Path, out: Path) -> Path:
    """Write a site, with a cache folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FARM_CACHE", str(out.parent / "cache"))
        report.site(root, load(catalogue), out)
    return out


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Start Debian's Chromium; without it, or without playwright, what needs it is skipped.

    Not for the whole session: playwright keeps an event loop running in this thread, and tests that come after need
    one of their own.
    """
    path = find("chromium")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install -e .[dev]")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(path), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small site, in which the guest of one kernel is hostile."""
    folder = tmp_path_factory.mktemp("browser")
    shape = Shape(behaviours=2, probes=2, kinds=4)
    for name, text in catalogue_files(shape).items():
        (folder / name).write_text(text)
    root = write_all(folder / "results", shape)
    records = [record(PROBE, mmap=HOSTILE), record("sweep.madvise.kind_0", madv_0=HOSTILE)]
    results.write(root, info(EVIL, oopses=(HOSTILE,), tainted=True, cpu=HOSTILE), records)
    return made(root, folder, folder / "out")


@pytest.fixture(scope="session")
def committed_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of the committed results."""
    return made(ROOT / "results", CATALOGUE, tmp_path_factory.mktemp("committed") / "out")


@pytest.fixture
def browser(chromium: Chromium, made_up: Path) -> Browser:
    """Return Chromium in front of the made-up site."""
    return Browser(chromium, made_up)


@pytest.fixture
def committed(chromium: Chromium, committed_site: Path) -> Browser:
    """Return Chromium in front of the committed results' site."""
    return Browser(chromium, committed_site)


def one_of_each(out: Path) -> list[str]:
    """Return one page for each template, the hostile guest's where there is one."""
    pair = f"diff/{kernel(SERIES[-1]).name}..{EVIL.name}.html"
    pages = ["index.html", "tracker.html", "timeline.html", "arches.html", "method.html", "sweeps.html", pair]
    pages += ["behaviour/mmap.behaviour_0.html", "behaviour/sweep.madvise.html", "matrix/x86_64-plain.html"]
    pages += [f"kernel/{EVIL.name}.html", "arch/arm64.html", f"sweep/madvise/{EVIL.name}/x86_64-plain.html"]
    pages += ["upgrade.html", f"upgrade/postgresql/{kernel(SERIES[2]).name}..{kernel(SERIES[-1]).name}.html"]
    pages += [max(out.glob("arches/*.html")).relative_to(out).as_posix()]
    assert [page for page in pages if not (out / page).is_file()] == []
    every = (path.relative_to(out).parts[0] for path in out.rglob("*.html"))
    assert {Path(page).parts[0] for page in pages} == set(every)
    return pages
