"""diff, report and kernels: the commands that only read what is there; no network, no apt."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm import catalogue, diff, matrix, plan, report, results
from farm.arches import ARCHES
from farm.commands.chosen import Chosen
from farm.errors import PlanError
from farm.program import say
from farm.progress import Board, shown
from farm.results import Results

Pair = tuple[str, str]
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

    def found(self, arches: Collection[str] = ()) -> tuple[Results, dict[Pair, list[str]]]:
        """Return the results, and for each pair of builds the architectures that it is compared on.

        A series may have another newest build on another architecture; which ones were chosen is said.
        """
        stored = folder_of(self.results)
        other = results.scan(Path(self.against)) if self.against else stored
        known = arches or sorted(
            {arch for _, arch, _ in (*stored.cells, *other.cells)}, key=lambda name: [*ARCHES, name].index(name)
        )
        pairs: dict[Pair, list[str]] = {}
        notes: dict[str, None] = {}
        for arch in known or [""]:
            first, second = chosen(stored, self.old, arch), chosen(other, self.new, arch)
            pairs.setdefault((first.kernel, PREFIX * bool(self.against) + second.kernel), []).append(arch)
            notes |= dict.fromkeys((first.note, second.note))
        for note in filter(None, notes):
            say(note)
        return side_by_side(stored, other) if self.against else stored, pairs


def chosen(stored: Results, name: str, arch: str) -> diff.Choice:
    """Return the build that `name` means on `arch`; where it has none, the one that it means elsewhere."""
    try:
        return diff.resolve(stored, name, arch)
    except PlanError:
        return diff.resolve(stored, name)


def folder_of(typed: str) -> Results:
    """Return the results of the folder that was typed, else of the matrix file's."""
    return results.scan(Path(typed) if typed else matrix.read().results)


def show_diff(sides: Sides, *, arch: str = "", variant: str = "", shape: str = "text", out: str = "") -> int:
    """Print what changed between two kernels; 0 nothing, 1 something, 2 not comparable."""
    if shape not in FORMATS:
        raise matrix.unknown("format", shape, FORMATS, "--format")
    variants = plan.known_variants(variant, "--variant")
    stored, pairs = sides.found(plan.known_arches(arch, "--arch"))
    known = catalogue.load()
    parts = [diff.compare(stored, known, *pair, diff.Only(arches, variants)) for pair, arches in pairs.items()]
    found = diff.together(parts)
    if shape == "json":
        text = json.dumps(found.as_json(), indent=1) + "\n"
    else:
        text = diff.as_text(found) if shape == "text" else report.diff_page(found, stored, known)
    if out:
        Path(out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return found.exit_status


def write_report(*, out: str = "", folder: str = "", base: str = "") -> int:
    """Write the static site."""
    chosen, asked = Chosen(results=folder), matrix.read()
    stored = results.scan(chosen.results_folder(asked))
    if not stored.cells:
        raise PlanError(f"{stored.root}: no results yet", hint="./inv matrix makes some")
    with shown(Board()):
        target = Path(out) if out else chosen.report_folder(asked)
        page = report.site(stored.root, catalogue.load(), target, base)
    print(f"report: {page.resolve().as_uri()}")
    return 0
