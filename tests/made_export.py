"""Makes sheets in memory, of records that never ran, and exports them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from farm.catalogue import Catalogue, load
from farm.export import FORMATS, Options, Sheet, sheets
from farm.results import CellInfo, Results, StoredCell
from farm.types import Record
from tests.made_up import Shape, catalogue_files

SHAPE = Shape(behaviours=1, probes=2, kinds=1)


@cache
def made_catalogue(shape: Shape = SHAPE) -> Catalogue:
    with TemporaryDirectory() as folder:
        for name, text in catalogue_files(shape).items():
            (Path(folder) / name).write_text(text)
        return load(Path(folder))


def only(*probes: str) -> Catalogue:
    """Return the made-up catalogue with these probes alone."""
    known = made_catalogue()
    return replace(known, probes={name: probe for name, probe in known.probes.items() if name in probes})


def made_results(cells: Sequence[tuple[CellInfo, Sequence[Record]]]) -> Results:
    results = Results(Path("nowhere"))
    for info, records in cells:
        by_probe = {record.probe: record for record in sorted(records, key=lambda record: record.probe)}
        key = info.kernel.name, info.arch, info.variant
        results.cells[key] = StoredCell(info, Path("nowhere"), _records=by_probe)
    return results


def made_sheets(cells: Sequence[tuple[CellInfo, Sequence[Record]]], catalogue: Catalogue) -> list[Sheet]:
    return sheets(made_results(cells), catalogue)


def exported(name: str, of: Sequence[Sheet], options: Options | None = None) -> Mapping[str, str]:
    """Return the texts of one format by their paths."""
    documents = FORMATS[name].documents(of, options or Options())
    return {document.path: "".join(document.pieces) for document in documents}
