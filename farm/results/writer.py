"""Writes cells: each whole or not at all, also when the writer is killed or another one is at work.

A cell is made aside, in a dot folder next to its place, and exchanged with the old one in one step.
Everything in `<kernel>/<arch>/` that begins with a dot belongs to a writer that holds the lock on that
folder; a writer that finds some when it gets the lock knows that their owner is dead.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.errors import ResultsError
from farm.results.formats import (
    CellInfo,
    canonical,
    check_info,
    check_record,
    info_to_text,
    pack,
    record_to_line,
    trace_to_line,
    unpack,
)
from farm.results.reader import read_info
from farm.types import Record

AT_FDCWD = -100  # linux/fcntl.h
RENAME_EXCHANGE = 2  # linux/fs.h


def write(
    root: Path,
    info: CellInfo,
    records: Iterable[Record] = (),
    *,
    config: str = "",
    run: Mapping[str, object] | None = None,
    console: bytes | str = "",
    replace_answer: bool = False,
) -> Path:
    """Write one cell under `root` and return its folder.

    `config` is the kernel's own configuration, `run` what changes from run to run, `console` the serial
    log. An unanswered cell leaves an answered one in place unless `replace_answer` is given: an answer
    about the same kernel build does not become wrong because a later attempt failed.
    """
    check_info(info, info.name)
    parts = _records_files(info, records)
    parts["cell.json"] = info_to_text(info).encode("ascii")
    if run is not None:
        parts["run.json"] = (canonical(run) + "\n").encode("ascii")
    if console:
        parts["console.log"] = console if isinstance(console, bytes) else console.encode("utf-8", "backslashreplace")
    arch_folder = root / info.kernel.name / info.arch
    place = arch_folder / info.variant
    try:
        with locked(arch_folder):
            if config:
                _replace_file(arch_folder / "config", config.encode("utf-8", "surrogateescape"))
            if info.answered or replace_answer or not _is_answered(place):
                _replace_folder(place, parts)
    except OSError as error:
        raise ResultsError(
            f"{place} cannot be written: {error.strerror or error}", hint="is the disk full, or not ours to write to?"
        ) from error
    return place


def merge(old: Iterable[Record], new: Iterable[Record], keep: Callable[[str], bool]) -> list[Record]:
    """Return `new` and those of `old` whose probe `keep` says yes to; a probe in both is the new one's."""
    merged = {record.probe: record for record in old if keep(record.probe)}
    merged |= {record.probe: record for record in new}
    return [merged[probe] for probe in sorted(merged)]


def clean(root: Path) -> None:
    """Remove what killed writers left under `root`; waits for writers that are at work."""
    for left in root.glob("*/*/.*"):
        if left.parent.is_dir():
            with locked(left.parent):
                pass


def _records_files(info: CellInfo, records: Iterable[Record]) -> dict[str, bytes]:
    """Return records.jsonl and traces.jsonl.zst as bytes, sorted by probe."""
    by_probe: dict[str, Record] = {}
    for record in records:
        check_record(record)
        if record.probe in by_probe:
            raise ResultsError(f"{info.name}: two records for {record.probe}")
        by_probe[record.probe] = record
    if not info.answered:
        if by_probe:
            raise ResultsError(f"{info.name}: an unanswered cell has no records")
        return {}
    order = [by_probe[probe] for probe in sorted(by_probe)]
    lines = "".join(record_to_line(record) + "\n" for record in order)
    return {
        "records.jsonl": lines.encode("ascii"),
        "traces.jsonl.zst": pack(trace_to_line(record) for record in order if record.trace),
    }


def _is_answered(place: Path) -> bool:
    """Whether an answered cell that can be read lies at `place`."""
    try:
        return read_info(place).answered
    except ResultsError:
        return False


@contextmanager
def locked(arch_folder: Path) -> Iterator[None]:
    """Hold the lock on `<kernel>/<arch>/`, and clear up after writers that were killed."""
    arch_folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(arch_folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _clear(arch_folder)
        yield
    finally:
        os.close(handle)


def _clear(arch_folder: Path) -> None:
    """Undo half of an exchange, then remove every dot entry; the lock is held."""
    for left in sorted(arch_folder.glob(".*")):
        variant, _, state = left.name[1:].rpartition("~")
        if state == "old" and not (arch_folder / variant).exists():
            left.rename(arch_folder / variant)
        elif left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def _replace_folder(place: Path, parts: Mapping[str, bytes]) -> None:
    """Make the folder aside and put it in its place; the lock is held."""
    aside = place.with_name(f".{place.name}~new")
    aside.mkdir()
    try:
        for name, data in parts.items():
            kept = _same_traces(place / name, data) if name.endswith(".zst") else data
            _write_file(aside / name, kept)
        _sync_folder(aside)
        _exchange(aside, place)
    finally:
        # With an exchange the old cell is what lies aside now; after an error it is the unfinished one.
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(place.parent)


def _same_traces(old: Path, data: bytes) -> bytes:
    """Return the old file's bytes when they hold the same lines: another zstd release packs differently."""
    with suppress(OSError, ResultsError):
        packed = old.read_bytes()
        if unpack(packed, str(old)) == unpack(data, str(old)):
            return packed
    return data


def _exchange(aside: Path, place: Path) -> None:
    """Put `aside` where `place` is in one step; where the file system cannot, in two that `_clear` undoes."""
    if not place.exists():
        aside.rename(place)
        return
    if _renameat2(aside, place):
        return
    old = place.with_name(f".{place.name}~old")
    place.rename(old)
    aside.rename(place)
    shutil.rmtree(old)


def _renameat2(one: Path, other: Path) -> bool:
    """Exchange two names atomically; False where the C library or the file system does not offer it."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    return bool(call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def _replace_file(path: Path, data: bytes) -> None:
    """Write a file aside and rename it into place, unless it is there with these bytes; the lock is held."""
    if path.is_file() and path.read_bytes() == data:
        return
    aside = path.with_name(f".{path.name}~{secrets.token_hex(4)}")
    _write_file(aside, data)
    aside.replace(path)


def _write_file(path: Path, data: bytes) -> None:
    """Write a file and have it on disk before its folder is moved into place."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
