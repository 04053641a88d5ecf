"""merge and publish: results of several machines into one folder, and a folder as what static hosting serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from farm import catalogue, export, matrix, merge, plan, publish, results
from farm.commands.chosen import Chosen
from farm.errors import PlanError
from farm.progress import Board, shown
from farm.visible import visible

OK, REFUSED = 0, 2
LINES = 20  # of one kind, before the rest is only counted


def merge_results(folders: Sequence[str], *, folder: str = "", check: bool = False) -> int:
    """Join result folders; 2 where a cell was refused or is there with other answers."""
    if not folders:
        raise PlanError("no folder to merge", hint="./inv merge DIR… names result folders")
    into = Chosen(results=folder).results_folder(matrix.read())
    found = merge.merge([Path(one) for one in folders], into, write=not check)
    for what, rows in (("refused", found.refused), ("conflict", found.conflicts)):
        for row in rows[:LINES]:
            print(f"{what}: {visible(row)}")
        if len(rows) > LINES:
            print(f"{what}: … and {len(rows) - LINES} more")
    counts = {
        "added": found.added,
        "answered at last": found.replaced,
        "the same": found.same,
        "kept, as the other is unanswered": found.kept,
        "refused": found.refused,
        "in conflict": found.conflicts,
    }
    said = ", ".join(f"{len(rows)} {what}" for what, rows in counts.items() if rows)
    print(f"{into}: {said or 'nothing to do'}{' (nothing was written)' if check else ''}")
    return REFUSED if found.refused or found.conflicts else OK


def publish_results(out: str, *, folder: str = "", data: str = "", base: str = "") -> int:
    """Write site and data into a folder; 2 where some results cannot be read and are shown as such."""
    formats = plan.listed(data) if data else publish.DATA
    for one in formats:
        if one not in export.FORMATS:
            raise matrix.unknown("format", one, export.FORMATS, "--data")
    root = Chosen(results=folder).results_folder(matrix.read())
    stored = results.scan(root)
    if not stored.cells:
        raise PlanError(f"{root}: no results yet", hint="./inv matrix makes some, ./inv merge takes over others")
    with shown(Board()):
        found = publish.publish(root, catalogue.load(), Path(out), publish.Options(tuple(formats), base))
    for problem in stored.broken[:LINES]:
        print(f"cannot be read: {visible(problem.where)}: {visible(problem.what)}")
    print(f"published: {found.index.resolve().as_uri()}")
    print(f"{found.files} files: {found.written} written, {found.removed} removed, the others are as they were")
    return REFUSED if stored.broken else OK
