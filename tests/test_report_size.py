"""A thousand cells of five hundred probes: the seconds of the whole site, those of one changed cell, the memory."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm import results
from farm.run import run
from farm.settings import ROOT
from tests.made_up import Shape, catalogue_files, info, kernel, made_up_records, write_all

pytestmark = pytest.mark.long

ARCHES = ("x86_64", "arm64", "ppc64el", "riscv64", "s390x")
VARIANTS = ("plain", "hugepages", "pmem-ext4", "swap", "zram", "numa", "thp", "memcg")
VERSIONS = tuple(f"6.{minor}.{minor % 7 + 1}-1" for minor in range(25))
SHAPE = Shape(VERSIONS, ARCHES, VARIANTS, behaviours=10, probes=6, kinds=20, operations=30)
FULL, AGAIN, MEMORY, INDEX = 20.0, 3.0, 1000, 500_000  # seconds of an idle core, seconds, MB, bytes
# Seconds of the CPU, not of the wall; where others use the same core, its seconds do up to half as much.
BUSY = 2
CHILD = """
import json, resource, sys, time
from pathlib import Path
from farm import report
from farm.catalogue import load
catalogue, root, out = map(Path, sys.argv[1:])
report.site(root, load(catalogue), out)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.process_time(), "mb": peak / 1024}))
"""


@dataclass(frozen=True)
class Large:
    """Many results, and where their site goes."""

    folder: Path

    def report(self) -> dict[str, float]:
        """Write the site in a process of its own; return its seconds and its memory."""
        paths = (str(self.folder / name) for name in ("catalogue", "results", "out"))
        told: dict[str, float] = json.loads(run([sys.executable, "-c", CHILD, *paths], cwd=ROOT).stdout)
        print({name: round(value, 1) for name, value in told.items()})
        return told


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Large:
    folder = tmp_path_factory.mktemp("large")
    (folder / "catalogue").mkdir()
    for name, text in catalogue_files(SHAPE).items():
        (folder / "catalogue" / name).write_text(text)
    write_all(folder / "results", SHAPE)
    return Large(folder)


def test_the_whole_site_and_then_one_changed_cell(large: Large) -> None:
    full = large.report()
    assert full["seconds"] <= FULL * BUSY
    assert full["mb"] <= MEMORY
    assert (large.folder / "out" / "index.html").stat().st_size <= INDEX
    # The first six probes answer as on the kernel before, all others as they did.
    before, now = (made_up_records(SHAPE, number, ("arm64", "swap")) for number in (11, 12))
    changed = [*before[:6], *now[6:]]
    results.write(large.folder / "results", info(kernel(VERSIONS[12], "arm64"), "swap"), changed)
    again = large.report()["seconds"]
    assert again <= AGAIN * BUSY
    assert again / full["seconds"] <= AGAIN / FULL * BUSY
