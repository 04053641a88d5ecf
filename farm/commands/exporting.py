"""export: results in formats that others read."""

from __future__ import annotations

from collections.abc import Sequence

from farm import catalogue, export, matrix, plan
from farm.commands.reading import folder_of
from farm.errors import PlanError
from farm.export import Options, Sheet, Wanted
from farm.program import say
from farm.visible import visible

COMPLETE, INCOMPLETE = 0, 2


def export_results(
    shape: str, only: tuple[str, str, str], *, out: str, folder: str = "", base: str = "", origin: str = ""
) -> int:
    """Write the chosen cells in one format; 2 where some of what they were asked is missing."""
    if shape not in export.FORMATS:
        raise matrix.unknown("format", shape, export.FORMATS, "--format")
    stored = folder_of(folder)
    if not stored.cells and not stored.broken:
        raise PlanError(f"{stored.root}: no results yet", hint="./inv matrix makes some")
    wanted = Wanted(*(plan.listed(option) for option in only))
    sheets = export.sheets(stored, catalogue.load(), wanted)
    options = Options(base, origin) if origin else Options(base)
    files = export.write(list(export.FORMATS[shape].documents(sheets, options)), out)
    for problem in export.problems(sheets):
        say(visible(f"{problem.where}: {problem.what}"))
    return _summary(sheets, f"{len(files)} files" if len(files) > 1 else str(files[0]) if files else "")


def _summary(sheets: Sequence[Sheet], where: str) -> int:
    """Say what was exported and what of it is missing, beside the export itself."""
    gaps = sum(sheet.gaps for sheet in sheets)
    total = sum(len(sheet.probes) for sheet in sheets)
    for sheet in sheets:
        if sheet.problem:
            say(visible(f"{sheet.path}: {sheet.problem}"))
    say(f"export: {len(sheets)} cells, {total} probes in them, {gaps} missing{f'; {where}' if where else ''}")
    return COMPLETE if all(sheet.complete for sheet in sheets) and not export.problems(sheets) else INCOMPLETE
