"""What each page depends on, as one digest: a page whose inputs stayed equal is not made again."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from hashlib import blake2b

import jinja2

from farm.catalogue import Catalogue
from farm.results import Results, StoredCell
from farm.settings import ROOT

# Whatever of the farm itself decides how a page looks; the probes' sources are shown on pages.
CODE = (
    *("farm/*.py", "farm/diff/*.py", "farm/report/**/*.*", "farm/results/*.py", "farm/variants/*.py"),
    *("farm/export/*.py", "farm/profile/*.py", "farm/upgrade/*.py", "profiles/*.yaml", "matrix.yaml"),
)
SOURCES = ("guest/probes/*.c",)
NOTHING = b"\0" * 8  # as long as the digest of a behaviour's records in a cell
Span = tuple[str, int, int]  # a behaviour, and where its records begin and end among a cell's


def digest(parts: Iterable[str | bytes]) -> str:
    """Return one digest of several parts, in order."""
    found = blake2b(digest_size=12)
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(data) + data)
    return found.hexdigest()


@cache
def code_digest() -> str:
    """Return a digest of the farm's own files that pages are made with or show."""
    paths = sorted({path for pattern in (*CODE, *SOURCES) for path in ROOT.glob(pattern) if path.is_file()})
    shown = (path for path in paths if path.suffix != ".pyc")
    texts = (part for path in shown for part in (path.relative_to(ROOT).as_posix(), path.read_bytes()))
    return digest((sys.version, jinja2.__version__, *texts))


@dataclass
class Inputs:
    """Digests of what a site is made of; `base` is that of what every page depends on."""

    stored: Results
    catalogue: Catalogue
    _spans: dict[tuple[str, ...], list[Span]] = field(default_factory=dict)
    _columns: dict[str, str] = field(default_factory=dict)

    @cached_property
    def base(self) -> str:
        """The code, the catalogue, the kernels' configurations, and all of each cell but its answers."""
        heads = (repr(replace(cell.info, families={})) for cell in self.stored.cells.values())
        configs = sorted({(kernel, arch) for kernel, arch, _ in self.stored.cells})
        texts = (f"{kernel} {arch} {self.stored.config_digest(kernel, arch)}" for kernel, arch in configs)
        _ = self._parts  # reading is what finds problems
        problems = (f"{one.where} {one.what}" for one in self.stored.problems)
        return digest((code_digest(), repr(self.catalogue), *heads, *texts, "problems", *problems))

    @cached_property
    def _parts(self) -> dict[tuple[str, str, str], dict[str, bytes]]:
        """For each cell a digest of its records and traces by behaviour."""
        return {key: self._cell(cell) for key, cell in self.stored.cells.items()}

    @cached_property
    def _lines(self) -> dict[int, bytes]:
        """A digest of every record, by its object: equal records are one object."""
        pools = {id(cell.pool): cell.pool for cell in self.stored.cells.values() if cell.records}
        every = (item for pool in pools.values() for item in pool.records.items())
        return {id(record): blake2b(line, digest_size=8).digest() for line, record in every}

    def _cell(self, cell: StoredCell) -> dict[str, bytes]:
        """Return a digest of each behaviour's records and traces in one cell."""
        known = self._lines
        probes = tuple(cell.records)
        lines = [known[id(record)] for record in cell.records.values()]
        traces = cell.trace_lines
        shown = [traces.get(probe, b"") for probe in probes]
        return {
            name: blake2b(b"".join(lines[start:end]) + b"\n".join(shown[start:end]), digest_size=8).digest()
            for name, start, end in self._spans_of(probes)
        }

    def _spans_of(self, probes: tuple[str, ...]) -> list[Span]:
        """Return where each behaviour's records stand in a cell that has these probes; cells share their lists."""
        if probes not in self._spans:
            found: list[Span] = []
            for number, probe in enumerate(probes):
                name = probe.rpartition(".")[0]
                if found and found[-1][0] == name:
                    found[-1] = (name, found[-1][1], number + 1)
                else:
                    found.append((name, number, number + 1))
            self._spans[probes] = found
        return self._spans[probes]

    def behaviour(self, name: str) -> str:
        """Return the digest of what all cells answer to one behaviour."""
        if name not in self._columns:
            column = b"".join(parts.get(name, NOTHING) for parts in self._parts.values())
            self._columns[name] = digest((self.base, name, column))
        return self._columns[name]

    def cells(self, chosen: Iterable[tuple[str, str, str]], *more: str) -> str:
        """Return the digest of some cells, and of whatever else a page shows."""
        return digest((self.base, *more, *(part for key in chosen for part in (*key, self._whole(key)))))

    def _whole(self, key: tuple[str, str, str]) -> bytes:
        """Return the digest of one cell, with the digests of its probe families."""
        cell = self.stored.cells.get(key)
        families = repr(sorted(cell.info.families.items())).encode() if cell else b""
        return b"".join(self._parts.get(key, {}).values()) + blake2b(families, digest_size=8).digest()

    def place(self, place: tuple[str, str], *more: str) -> str:
        """Return the digest of all cells of one architecture and variant."""
        return self.cells((key for key in self.stored.cells if key[1:] == place), *more)

    def kernels(self, *names: str) -> str:
        """Return the digest of all cells of some kernels."""
        return self.cells((key for key in self.stored.cells if key[0] in names), *names)

    @cached_property
    def everything(self) -> str:
        """All cells."""
        return self.cells(self.stored.cells)
