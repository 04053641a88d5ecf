"""diff, report and kernels: the commands that only read what is there; no network, no apt."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm import catalogue, diff, matrix, plan, report, results
from farm.commands.chosen import Chosen
from farm.errors import PlanError
from farm.program import say
from farm.progress import Board, shown
from farm.results import Results

FORMATS = ("text", "json", "html")


@dataclass(slots=True)
class TwoFolders(Results):
    """The results of two folders as one; kernels of the second carry `second` as their source's prefix."""

    second: Results = field(default_factory=lambda: Results(Path()))

    def config(self, kernel: str, arch: str) -> str:
        """Return the kernel's own configuration text, from the folder that it was run into."""
        other = kernel.removeprefix(PREFIX)
        return self.second.config(other, arch) if other != kernel else Results.config(self, kernel, arch)


PREFIX = "against:"


def side_by_side(first: Results, second: Results) -> TwoFolders:
    """Return both results as one, so that a kernel can be compared with its own rerun in another folder."""
    both = TwoFolders(first.root, dict(first.cells), list(first.broken), second=second)
    for (kernel, arch, variant), cell in second.cells.items():
        renamed = replace(cell.info.kernel, source=PREFIX + cell.info.kernel.source)
        cell.info = replace(cell.info, kernel=renamed)
        both.cells[PREFIX + kernel, arch, variant] = cell
    both.broken += [replace(problem, where=PREFIX + problem.where) for problem in second.broken]
    return both


@dataclass(frozen=True, slots=True)
class Sides:
    """What `diff` compares, as it was typed: two kernels, the results folder, and another one for the second."""

    old: str
    new: str
    results: str = ""
    against: str = ""

    def found(self, arch: str = "") -> tuple[Results, str, str]:
        """Return the results with the names of both kernels in them; says which builds were chosen."""
        stored = folder_of(self.results)
        other = results.scan(Path(self.against)) if self.against else stored
        first, second = diff.resolve(stored, self.old, arch or None), diff.resolve(other, self.new, arch or None)
        for choice in (first, second):
            if choice.note:
                say(choice.note)
        if not self.against:
            return stored, first.kernel, second.kernel
        return side_by_side(stored, other), first.kernel, PREFIX + second.kernel


def folder_of(typed: str) -> Results:
    """Return the results of the folder that was typed, else of the matrix file's."""
    return results.scan(Path(typed) if typed else matrix.read().results)


def show_diff(sides: Sides, *, arch: str = "", variant: str = "", shape: str = "text", out: str = "") -> int:
    """Print what changed between two kernels; 0 nothing, 1 something, 2 not comparable."""
    if shape not in FORMATS:
        raise matrix.unknown("format", shape, FORMATS, "--format")
    only = diff.Only(plan.known_arches(arch, "--arch"), plan.known_variants(variant, "--variant"))
    stored, old, new = sides.found(arch)
    known = catalogue.load()
    found = diff.compare(stored, known, old, new, only)
    if shape == "json":
        text = json.dumps(found.as_json(), indent=1) + "\n"
    else:
        text = diff.as_text(found) if shape == "text" else report.diff_page(found, stored, known)
    if out:
        Path(out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return found.exit_status


def write_report(*, out: str = "", folder: str = "") -> int:
    """Write the static site."""
    chosen, asked = Chosen(results=folder), matrix.read()
    stored = results.scan(chosen.results_folder(asked))
    if not stored.cells:
        raise PlanError(f"{stored.root}: no results yet", hint="./inv matrix makes some")
    with shown(Board()):
        page = report.site(stored.root, catalogue.load(), Path(out) if out else chosen.report_folder(asked))
    print(f"report: {page.resolve().as_uri()}")
    return 0
