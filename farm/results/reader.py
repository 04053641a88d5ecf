"""Reads results: cells quickly from cell.json alone, records and traces when somebody asks.

Equal lines become one object (`Pool`), so that a thousand cells cost little more than what differs
between them, and comparing two records is mostly a comparison of identities.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace as dataclass_replace
from pathlib import Path

from farm.errors import ResultsError
from farm.results.formats import (
    LINE_LIMIT,
    NAME,
    CellInfo,
    info_from_text,
    record_from_line,
    trace_from_line,
    unpack,
)
from farm.types import Kernel, Record

CONFIGS = 32  # configuration texts of a quarter of a megabyte each that are kept
TRACE_START = re.compile(rb'\{"probe":"([a-z0-9_.]+)",')


@dataclass(frozen=True, slots=True)
class Problem:
    """Something under results/ that cannot be read: `where` is relative to the root."""

    where: str
    what: str


@dataclass(slots=True)
class Pool:
    """Equal lines as one object; `traced` knows the probe of each line of traces."""

    records: dict[bytes, Record] = field(default_factory=dict)
    lines: dict[bytes, bytes] = field(default_factory=dict)
    traced: dict[bytes, str] = field(default_factory=dict)

    def record(self, line: bytes) -> Record:
        """Return the record of `line`, the same object for the same bytes."""
        known = self.records.get(line)
        if known is None:
            known = self.records[line] = record_from_line(line)
        return known


@dataclass(slots=True)
class StoredCell:
    """A cell that lies under results/; records and traces are read at the first use and kept."""

    info: CellInfo
    folder: Path
    pool: Pool = field(default_factory=Pool, repr=False)
    problems: list[Problem] = field(default_factory=list)
    _records: dict[str, Record] | None = field(default=None, repr=False)
    _traces: dict[str, bytes] | None = field(default=None, repr=False)

    @property
    def records(self) -> Mapping[str, Record]:
        """Records by probe, in order, without traces; lines that cannot be read become `problems`."""
        if self._records is None:
            self._records = self._read_records() if self.info.answered else {}
        return self._records

    @property
    def trace_lines(self) -> Mapping[str, bytes]:
        """Traces by probe as they are stored; equal ones are one object."""
        if self._traces is None:
            self._traces = self._read_traces() if self.info.answered else {}
        return self._traces

    def trace(self, probe: str) -> tuple[str, ...]:
        """Return the trace of `probe`, empty where there is none."""
        line = self.trace_lines.get(probe)
        if line is None:
            return ()
        try:
            return trace_from_line(line)[1]
        except ResultsError as error:
            self._blame("traces.jsonl.zst", f"{probe}: {error.message}")
            return ()

    def full_records(self) -> list[Record]:
        """Return the records with their traces, in order."""
        return [dataclass_replace(record, trace=self.trace(record.probe)) for record in self.records.values()]

    def _blame(self, file: str, what: str) -> None:
        """Remember a problem of one of the cell's files."""
        self.problems.append(Problem(f"{self.info.name}/{file}", what))

    def _lines(self, name: str) -> list[bytes]:
        """Return the lines of one of the cell's files; a problem where it cannot be read."""
        path = self.folder / name
        try:
            data = path.read_bytes()
            lines = (unpack(data, name) if name.endswith(".zst") else data).split(b"\n")
        except (OSError, ResultsError) as error:
            self._blame(name, error.strerror or str(error) if isinstance(error, OSError) else error.message)
            return []
        if lines.pop():
            self._blame(name, f"line {len(lines) + 1} has no end: the file is cut short")
        return lines

    def _read_records(self) -> dict[str, Record]:
        """Read records.jsonl; what is broken is named and left out, so that it is missing."""
        lines = self._lines("records.jsonl")
        records = list(map(self.pool.records.get, lines))
        known = [record for record in records if record is not None]
        if len(known) == len(lines):
            probes = [record.probe for record in known]
            if all(map(str.__lt__, probes, probes[1:])):
                return dict(zip(probes, known, strict=True))
        return self._read_new_records(lines)

    def _read_new_records(self, lines: list[bytes]) -> dict[str, Record]:
        """Read lines of which some were in no cell before, or which are not as they should be."""
        found: dict[str, Record] = {}
        last = ""
        for number, line in enumerate(lines, 1):
            try:
                record = self._record_after(line, last)
            except ResultsError as error:
                self._blame("records.jsonl", f"line {number}: {error.message}")
                continue
            last = record.probe
            found[last] = record
        return found

    def _record_after(self, line: bytes, last: str) -> Record:
        """Return the record of `line`, which has to come after that of the probe `last`."""
        if len(line) > LINE_LIMIT:
            raise ResultsError(f"longer than {LINE_LIMIT} bytes")
        record = self.pool.record(line)
        if record.probe <= last:
            raise ResultsError(f"{record.probe} comes after {last}: lines are sorted, one for each probe")
        return record

    def _read_traces(self) -> dict[str, bytes]:
        """Read traces.jsonl.zst as lines by probe; they are parsed when shown."""
        lines = self._lines("traces.jsonl.zst")
        probes = list(map(self.pool.traced.get, lines))
        for number, (line, known) in enumerate(zip(lines, probes, strict=True), 1):
            if known is None:
                start = TRACE_START.match(line)
                if start is None:
                    self._blame("traces.jsonl.zst", f"line {number} is no trace")
                else:
                    self.pool.lines[line] = line
                    probes[number - 1] = self.pool.traced[line] = start.group(1).decode("ascii")
        shared = self.pool.lines
        return {probe: shared[line] for probe, line in zip(probes, lines, strict=True) if probe is not None}


@dataclass(slots=True)
class Results:
    """All cells under a results folder, in the order of `kernel_key`, arch and variant."""

    root: Path
    cells: dict[tuple[str, str, str], StoredCell] = field(default_factory=dict)
    broken: list[Problem] = field(default_factory=list)
    _configs: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    @property
    def problems(self) -> list[Problem]:
        """What could not be read so far: cells that could not be listed, then lines of cells."""
        return self.broken + [problem for cell in self.cells.values() for problem in cell.problems]

    def cell(self, kernel: str, arch: str, variant: str) -> StoredCell | None:
        """Return one cell, None where there is none."""
        return self.cells.get((kernel, arch, variant))

    def kernels(self) -> dict[str, Kernel]:
        """Return a kernel (of any architecture) for each kernel name, oldest first within a flavour."""
        return {cell.info.kernel.name: cell.info.kernel for cell in self.cells.values()}

    def config(self, kernel: str, arch: str) -> str:
        """Return the kernel's own configuration text, empty where there is none; the last few are remembered."""
        key = kernel, arch
        if key not in self._configs:
            while len(self._configs) >= CONFIGS:
                del self._configs[next(iter(self._configs))]
            self._configs[key] = self._read_config(kernel, arch)
        return self._configs[key]

    def config_digest(self, kernel: str, arch: str) -> str:
        """Return a digest of the kernel's own configuration file, empty where there is none."""
        try:
            return hashlib.sha256((self.root / kernel / arch / "config").read_bytes()).hexdigest()
        except OSError:
            return ""

    def _read_config(self, kernel: str, arch: str) -> str:
        try:
            return (self.root / kernel / arch / "config").read_text("utf-8", "surrogateescape")
        except OSError:
            return ""


def scan(root: Path) -> Results:
    """List the cells under `root` from their cell.json alone; a folder that is not there has none."""
    if root.exists() and not root.is_dir():
        raise ResultsError(f"{root} is not a folder", hint="name the folder that holds the results")
    results = Results(root)
    pool = Pool()
    found: list[StoredCell] = []
    for folder in _cell_folders(root, results.broken):
        try:
            found.append(StoredCell(read_info(folder), folder, pool))
        except ResultsError as error:
            results.broken.append(Problem("/".join(folder.parts[-3:]), error.message))
    found.sort(key=lambda cell: (*kernel_key(cell.info.kernel), cell.info.arch, cell.info.variant))
    results.cells = {(cell.info.kernel.name, cell.info.arch, cell.info.variant): cell for cell in found}
    return results


def one(root: Path, name: str) -> StoredCell | None:
    """Return the cell `<kernel>/<arch>/<variant>` under `root`; None where there is none that can be read."""
    try:
        return StoredCell(read_info(root / name), root / name)
    except ResultsError:
        return None


def _cell_folders(root: Path, broken: list[Problem]) -> Iterator[Path]:
    """Yield the folders three levels down; names that no cell can have are problems."""
    level = [root] if root.is_dir() else []
    for _ in range(3):
        below: list[Path] = []
        for folder in level:
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                if entry.name.startswith(".") or not entry.is_dir():
                    continue
                if NAME.fullmatch(entry.name):
                    below.append(Path(entry.path))
                else:
                    broken.append(Problem(str(Path(entry.path).relative_to(root)), "cannot be the name of a cell"))
        level = below
    yield from level


def read_info(folder: Path) -> CellInfo:
    """Read cell.json of the cell in `folder`, which must be the one that the path names."""
    try:
        text = (folder / "cell.json").read_bytes()
    except OSError as error:
        raise ResultsError(f"cell.json cannot be read: {error.strerror}") from error
    info = info_from_text(text, "cell.json")
    if info.name != "/".join(folder.parts[-3:]):
        raise ResultsError(f"cell.json is that of {info.name}")
    return info


def version_key(version: str) -> tuple[tuple[int, ...], ...]:
    """Return a key that sorts Debian versions as dpkg does: `~` before the end, letters before signs."""
    key: list[tuple[int, ...]] = []
    for other, digits in re.findall(r"(\D*)(\d*)", version + " "):
        order = (-1 if c == "~" else 0 if c == " " else ord(c) if c.isalpha() else ord(c) + 256 for c in other)
        key += [(*order, 0), (int(digits or 0),)]
    return tuple(key)


def kernel_key(kernel: Kernel) -> tuple[str, tuple[tuple[int, ...], ...], str]:
    """Sort kernels by flavour, then version: neighbours in this order are what one upgrades from and to."""
    return kernel.flavour, version_key(kernel.version), kernel.source
