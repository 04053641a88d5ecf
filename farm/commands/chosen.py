"""What the options that several commands share say: which matrix, which cells of it, which results."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from farm import lock, matrix, plan
from farm.errors import FetchError
from farm.matrix import Matrix
from farm.plan import Cell, LeftOut
from farm.settings import ROOT
from farm.sources.apt import Archive, archive


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options as they were typed; empty means that the option was not given."""

    matrix: str = ""
    kernels: str = ""
    arches: str = ""
    variants: str = ""
    results: str = ""
    jobs: str = ""

    def read(self) -> Matrix:
        """Return the matrix file's content."""
        return matrix.read(Path(self.matrix)) if self.matrix else matrix.read()

    def cells(self, asked: Matrix) -> list[Cell]:
        """Return the planned cells."""
        return plan.cells(asked, lock.load(), plan.narrow(self.kernels, self.arches, self.variants))

    def left_out(self, asked: Matrix) -> list[LeftOut]:
        """Return what of the plan cannot be, with the reason."""
        return plan.left_out(asked, lock.load(), plan.narrow(self.kernels, self.arches, self.variants))

    def results_folder(self, asked: Matrix) -> Path:
        """Return where results lie."""
        return Path(self.results) if self.results else asked.results

    def report_folder(self, asked: Matrix) -> Path:
        """Return where the report goes: report/, and beside any other results a folder that says whose it is."""
        root = self.results_folder(asked).resolve()
        return ROOT / "report" if root == ROOT / "results" else root.with_name(f"{root.name}-report")

    def guests(self, asked: Matrix) -> int:
        """Return how many guests run at a time; one per CPU where nobody says."""
        return matrix.as_jobs(self.jobs, "--jobs") if self.jobs else asked.jobs or os.cpu_count() or 1


def source(asked: Matrix) -> Archive:
    """Return the archive of packages; without any mirror, one that fails only where something must be downloaded."""
    try:
        return archive(asked.mirror or None)
    except FetchError:
        return Archive({})


def go_offline(asked: bool) -> None:
    """Forbid the network to this process where --offline asks for it."""
    if asked:
        os.environ["FARM_OFFLINE"] = "1"
