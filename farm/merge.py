"""Joins result folders of several machines: what fits is copied whole, what does not is named and left where it is.

A cell fits when it reads as this farm writes it: schema, digests of its kernel and its configuration, every line.
Nothing that is answered is overwritten: the same cell with other bytes is a conflict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from farm import results
from farm.errors import PlanError, ResultsError
from farm.results import CellInfo, StoredCell
from farm.types import Record


@dataclass(slots=True)
class Merged:
    """How a merge ended, in names of cells; `refused` and `conflicts` say the file and why."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Read:
    """A cell as a folder has it, read to the last line."""

    info: CellInfo
    records: tuple[Record, ...]
    config: str
    where: Path


def merge(sources: Sequence[Path], into: Path, *, write: bool = True) -> Merged:
    """Copy the cells of `sources` that fit into the folder `into`; with `write` off only say what would happen."""
    found = Merged()
    target = results.scan(into)
    if target.broken:
        raise ResultsError(f"{into / target.broken[0].where}: {target.broken[0].what}", hint="mend the target first")
    known = {name: (cell, into) for cell in target.cells.values() if (name := cell.info.name)}
    configs = {of_config(cell.info): cell.info.config_sha256 for cell in target.cells.values() if cell.info.answered}
    for source in sources:
        for cell in cells_of(source, found):
            try:
                new = read(cell, source)
                old = read(*known[cell.info.name]) if cell.info.name in known else None
                refuse_other_config(configs, new)
            except ResultsError as error:
                found.refused.append(error.message)
                continue
            if settle(old, new, found):
                known[new.info.name] = cell, source
                if write:
                    results.write(into, new.info, new.records, config=new.config, replace_answer=True)
    return found


def of_config(info: CellInfo) -> tuple[str, str]:
    """Return what has one configuration: a build on an architecture."""
    return info.kernel.name, info.arch


def refuse_other_config(configs: dict[tuple[str, str], str], new: Read) -> None:
    """Raise ResultsError where the same build was configured otherwise elsewhere: its other cells would not fit."""
    if new.info.answered and configs.setdefault(of_config(new.info), new.info.config_sha256) != new.info.config_sha256:
        raise ResultsError(f"{new.where.parent / 'config'}: another cell of this build has another configuration")


def cells_of(source: Path, found: Merged) -> Iterable[StoredCell]:
    """Return the cells of a source, and refuse by name what cannot be listed; PlanError where it has no results."""
    if not source.is_dir():
        raise PlanError(f"{source} is no folder", hint="name folders such as results/")
    stored = results.scan(source)
    if not stored.cells and not stored.broken:
        raise PlanError(f"{source}: no results", hint="name the folder that holds <kernel>/<arch>/<variant>/")
    found.refused += [f"{source / one.where}/cell.json: {one.what}" for one in stored.broken]
    return stored.cells.values()


def read(cell: StoredCell, root: Path) -> Read:
    """Read a cell to its last line; ResultsError names the file that does not fit."""
    info, folder = cell.info, root / cell.info.name
    cell = StoredCell(info, cell.folder)  # read anew, so that nothing of a large folder is kept
    if info.digest != info.kernel.digest:
        raise ResultsError(f"{folder}/cell.json: the kernel's digest is not that of its packages")
    records = tuple(cell.full_records())
    if cell.problems:
        problem = cell.problems[0]
        raise ResultsError(f"{root / problem.where}: {problem.what}")
    config = folder.parent / "config"
    text = ""
    if info.answered:
        try:
            data = config.read_bytes()
        except OSError as error:
            raise ResultsError(f"{config}: {error.strerror}; {folder} was made with one") from error
        if hashlib.sha256(data).hexdigest() != info.config_sha256:
            raise ResultsError(f"{config}: not the configuration that {folder} was made with")
        text = data.decode("utf-8", "surrogateescape")
    return Read(info, records, text, folder)


def settle(old: Read | None, new: Read, found: Merged) -> bool:
    """Decide what happens to a cell that may be there already; return whether the new one is to be written."""
    name = new.info.name
    if old is None:
        found.added.append(name)
        return True
    if (old.info, old.records) == (new.info, new.records):
        found.same.append(name)
        return False
    if old.info.answered and new.info.answered:
        found.conflicts.append(f"{new.where} and {old.where}: {difference(old, new)}")
        return False
    if new.info.answered:
        found.replaced.append(name)
        return True
    found.kept.append(name)
    return False


def difference(old: Read, new: Read) -> str:
    """Say in what two answers of one cell differ: in what they were made with, else in their first record."""
    inputs = {
        "kernel": (old.info.digest, new.info.digest),
        "guest root": (old.info.guest_root, new.info.guest_root),
        "variant": (old.info.variant_digest, new.info.variant_digest),
        "QEMU": (old.info.qemu, new.info.qemu),
        "accelerator": (old.info.accel, new.info.accel),
        "CPU": (old.info.cpu, new.info.cpu),
        "probes": (old.info.families, new.info.families),
        "selection of probes": (old.info.selection, new.info.selection),
    }
    unlike = [what for what, (one, other) in inputs.items() if one != other]
    if unlike:
        return f"made with another {', another '.join(unlike)}"
    sides = [{record.probe: record for record in one.records} for one in (old, new)]
    probes = sorted(sides[0].keys() | sides[1].keys())
    differing = [probe for probe in probes if sides[0].get(probe) != sides[1].get(probe)]
    more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
    return f"other answers of {differing[0]}{more}" if differing else "cell.json differs"
