"""Real guests of locked kernels; where a locked build has left the archive, its series' newest takes its place."""

from dataclasses import dataclass

import pytest

from farm import fleet, lock, matrix
from farm.answers import GoneError
from farm.arches import ARCHES
from farm.commands.chosen import source
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.types import Kernel
from farm.variants import VARIANTS


@dataclass
class Bench:
    """What boot tests are made from; `replaced` names kernels that are not the locked ones."""

    shop: Workshop
    replaced: set[str]

    def cell(self, series: str, arch: str, variant: str = "plain") -> Cell:
        kernel = self.shop.lock.newest(series, arch, ARCHES[arch].flavour)
        assert kernel is not None, f"no {series} is locked for {arch}"
        try:
            self.shop.archive.debs(kernel)
        except GoneError:
            kernel = self.newest(series, kernel)
        return Cell(kernel, ARCHES[arch], VARIANTS[variant])

    def newest(self, series: str, gone: Kernel) -> Kernel:
        builds = self.shop.archive.builds(gone.arch, matrix.read().suites)
        found = lock.newest_first(builds, series, gone.flavour)
        assert found, f"the archive has no {series} any more"
        self.replaced.add(gone.arch)
        return self.shop.archive.resolve(found[0])

    def prepared(self, cell: Cell) -> Prepared:
        return self.shop.prepare(cell, "tcg")


@pytest.fixture(scope="session")
def bench() -> Bench:
    asked = matrix.read()
    return Bench(fleet.workshop(lock.load(), source(asked)), set())
