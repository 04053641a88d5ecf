"""A thousand made-up cells of five hundred probes: their site, the site after one changed cell, the index in Chromium.

`python -m tests.large_site FOLDER` prints the figures, for `./inv bench`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from farm import results
from farm.run import find, run
from farm.settings import ROOT
from tests.made_up import Shape, catalogue_files, info, kernel, made_up_records, write_all

ARCHES = ("x86_64", "arm64", "ppc64el", "riscv64", "s390x")
VARIANTS = ("plain", "hugepages", "pmem-ext4", "swap", "zram", "numa", "thp", "memcg")
VERSIONS = tuple(f"6.{minor}.{minor % 7 + 1}-1" for minor in range(25))
SHAPE = Shape(VERSIONS, ARCHES, VARIANTS, behaviours=10, probes=6, kinds=20, operations=30)
LOADS = 3  # of the index; the fastest counts, as another program's burst slows one down
CHILD = """
import json, resource, sys, time
from pathlib import Path
began = time.monotonic()
from farm import report
from farm.catalogue import load
catalogue, root, out = map(Path, sys.argv[1:])
report.site(root, load(catalogue), out)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"cpu": time.process_time(), "wall": time.monotonic() - began, "mb": peak / 1024}))
"""
PAINTED = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return Math.max(paint.startTime, performance.getEntriesByType("navigation")[0].loadEventEnd) / 1000;
}"""


@dataclass(frozen=True)
class Made:
    """One run of the report, in a process of its own: seconds of the CPU, seconds, the most memory in MB."""

    cpu: float
    wall: float
    mb: float


@dataclass(frozen=True)
class Figures:
    """The whole site, the one after a changed cell, the index in bytes and in seconds until Chromium has drawn it."""

    full: Made
    again: Made
    index: int
    drawn: float | None


def site(folder: Path) -> Made:
    """Write the site of what lies in `folder`, with a cache folder of its own."""
    paths = (str(folder / name) for name in ("catalogue", "results", "out"))
    env = {**os.environ, "FARM_CACHE": str(folder / "cache")}
    return Made(**json.loads(run([sys.executable, "-c", CHILD, *paths], cwd=ROOT, env=env, timeout=600).stdout))


def change_a_cell(folder: Path) -> None:
    """Let six probes of one cell answer as on the kernel before."""
    before, now = (made_up_records(SHAPE, number, ("arm64", "swap")) for number in (11, 12))
    cell = info(kernel(VERSIONS[12], "arm64"), "swap")
    results.write(folder / "results", cell, [*before[:6], *now[6:]])


def drawn(page: Path) -> float | None:
    """Return the seconds until a page is loaded and painted; None without Debian's Chromium and playwright."""
    chromium = find("chromium")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        return None
    with importlib.import_module("playwright.sync_api").sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        found: list[float] = []
        for _ in range(LOADS):
            tab.goto(page.as_uri())
            tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            found.append(tab.evaluate(PAINTED))
        browser.close()
    return min(found)


def figures(folder: Path) -> Figures:
    """Make up the results in `folder` and measure."""
    (folder / "catalogue").mkdir()
    for name, text in catalogue_files(SHAPE).items():
        (folder / "catalogue" / name).write_text(text)
    write_all(folder / "results", SHAPE)
    full = site(folder)
    change_a_cell(folder)
    again = site(folder)
    index = folder / "out" / "index.html"
    return Figures(full, again, index.stat().st_size, drawn(index))


if __name__ == "__main__":
    print(json.dumps(asdict(figures(Path(sys.argv[1])))))
