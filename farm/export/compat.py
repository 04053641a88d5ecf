"""The farm's own JSON, in the manner of browser-compat-data: since when and until when each word has each value.

docs/schema/compat.schema.json describes it. Ranges go along the kernels of one *place*: architecture, variant,
source and flavour, and only as far as page size, CPU and accelerator are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from farm.catalogue import Catalogue
from farm.export.documents import LICENCE, Document, Options
from farm.export.ranges import Point, Range, ranges
from farm.export.rows import Row, Status, Value, escaped
from farm.export.sheets import Sheet, problems

SCHEMA = "urn:memory-semantics-farm:schema:compat:1"
ATTRIBUTION = "Memory-semantics farm"
LICENCE_TEXT = "https://creativecommons.org/licenses/by/4.0/"

Json = dict[str, object]
V = TypeVar("V", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Place:
    """Cells that can be compared along the kernels, the oldest first."""

    id: str
    sheets: tuple[Sheet, ...]


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:
    """Yield one document of all cells."""
    yield Document("memory-compat.json", _pieces(sheets, options))


def _pieces(sheets: Sequence[Sheet], options: Options) -> Iterator[str]:
    """Yield the head, then a behaviour a line."""
    found, catalogue = places(sheets), sheets[0].judge.catalogue
    head: Json = {
        "schema": SCHEMA,
        "licence": {"id": LICENCE, "url": LICENCE_TEXT, "attribution": ATTRIBUTION},
        "site": options.base,
        "kernels": {sheet.name: _kernel(sheet, options) for sheet in sheets},
        "places": {place.id: _place(place) for place in found},
    }
    yield json.dumps(head, indent=1)[:-2] + ',\n "behaviours": {'
    between = "\n"
    for name, probes in _behaviours(sheets, catalogue).items():
        one: Json = {"page": options.probe_page(name)}
        if known := catalogue.behaviours.get(name):
            one |= {"says": known.says, "listed": known.listed}
        one["probes"] = {probe.rpartition(".")[2]: _probe(probe, found, catalogue, options) for probe in probes}
        yield f"{between}  {json.dumps(name)}: {json.dumps(one)}"
        between = ",\n"
    # Reading the records may have found broken lines, so what could not be read comes last.
    yield f'\n }},\n "problems": {json.dumps(_problems(sheets), indent=1)}\n}}\n'


def _problems(sheets: Sequence[Sheet]) -> list[Json]:
    return [{"where": escaped(one.where), "what": escaped(one.what)} for one in problems(sheets)]


def _behaviours(sheets: Sequence[Sheet], catalogue: Catalogue) -> dict[str, list[str]]:
    """Return the probes of each behaviour that any cell was asked, in order."""
    asked = sorted({*catalogue.probes}.union(*(sheet.records for sheet in sheets)))
    asked = [probe for probe in asked if any(sheet.asks(probe) for sheet in sheets)]
    return {name: list(probes) for name, probes in groupby(asked, lambda probe: probe.rpartition(".")[0])}


def places(sheets: Sequence[Sheet]) -> list[Place]:
    """Return the places; one is split where its cells ran on different hardware."""
    groups: dict[tuple[str, str, str], list[Sheet]] = {}
    for sheet in sheets:
        line = f"{sheet.kernel.source}-{sheet.kernel.flavour}"
        groups.setdefault((sheet.arch, sheet.variant, line), []).append(sheet)
    found = []
    for key, members in groups.items():
        for number, alike in enumerate(_alike(members), 1):
            found.append(Place("/".join(key) + (f"/{number}" if number > 1 else ""), tuple(alike)))
    return found


def _hardware(sheet: Sheet) -> tuple[int | None, str, str]:
    assert sheet.info
    return sheet.info.page_size, sheet.info.cpu, sheet.info.accel


def _alike(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """Group cells by the hardware that they ran on; those without records stay with the ones before them."""
    found: dict[object, list[Sheet]] = {}
    answered = [sheet for sheet in sheets if not sheet.problem]
    key: object = _hardware(answered[0]) if answered else None
    for sheet in sheets:
        key = key if sheet.problem else _hardware(sheet)
        found.setdefault(key, []).append(sheet)
    return list(found.values())


def _kernel(sheet: Sheet, options: Options) -> Json:
    kernel = sheet.kernel
    found: Json = {"source": kernel.source, "version": kernel.version, "series": kernel.series}
    return found | {"flavour": kernel.flavour, "page": options.kernel_page(sheet.name)}


def _place(place: Place) -> Json:
    """Return what a place is; what its cells ran on is null while none has answered."""
    first = place.sheets[0]
    size, cpu, accel = next((_hardware(sheet) for sheet in place.sheets if not sheet.problem), (None, None, None))
    found: Json = {"arch": first.arch, "variant": first.variant, "source": first.kernel.source}
    found |= {"flavour": first.kernel.flavour, "page_size": size}
    found |= {"cpu": None if cpu is None else escaped(cpu), "accel": None if accel is None else escaped(accel)}
    return found | {"kernels": [sheet.name for sheet in place.sheets]}


def _probe(probe: str, everywhere: Sequence[Place], catalogue: Catalogue, options: Options) -> Json:
    """Return one probe: its words, its verdicts, and where it is missing, each by place."""
    known = catalogue.probes.get(probe)
    found: Json = {"page": options.probe_page(probe.rpartition(".")[0], probe)}
    found |= {"says": known.says, "source": list(known.source)} if known else {"gone": True}
    words: dict[str, Json] = {}
    verdicts: Json = {}
    missing: Json = {}
    for place in everywhere:
        series = Series.of(place, probe, known.family if known else "")
        for word in series.words:
            words.setdefault(word, {})[place.id] = series.values(word)
        if series.asked:
            verdicts[place.id] = series.verdicts()
        if gaps := series.gaps():
            missing[place.id] = gaps
    return found | {"words": dict(sorted(words.items())), "verdicts": verdicts, "missing": missing}


@dataclass(frozen=True, slots=True)
class Series:
    """What one probe says along the kernels of a place; `rows` has None for a kernel that was not asked."""

    place: Place
    rows: tuple[Row | None, ...]
    digests: tuple[str, ...]

    @classmethod
    def of(cls, place: Place, probe: str, family: str) -> Series:
        """Collect the rows; answers of two versions of a probe are not comparable, so its digest goes with them."""
        rows = tuple(sheet.row(probe) if sheet.asks(probe) else None for sheet in place.sheets)
        digests = tuple(sheet.info.families.get(family, "") if sheet.info else "" for sheet in place.sheets)
        return cls(place, rows, digests)

    @property
    def asked(self) -> bool:
        """Whether any kernel was asked."""
        return any(self.rows)

    @property
    def words(self) -> list[str]:
        """The words that any kernel said, in order."""
        return sorted({word for row in self.rows if row for word in row.saw})

    def points(self, what: Callable[[Row], V | None], *silent: Status) -> list[Point[V] | None]:
        """Return the series of what `what` says of each row; one of a status in `silent` says nothing."""
        return [
            Point(sheet.kernel.version, what(row), digest) if row and row.status not in silent else None
            for sheet, row, digest in zip(self.place.sheets, self.rows, self.digests, strict=True)
        ]

    def values(self, word: str) -> list[Json]:
        """Return the statements about one word, the newest first.

        A kernel that lacks what the probe needs does not say that the word was added later.
        """

        def value(row: Row) -> tuple[Value, bool] | None:
            return (row.saw[word], word in row.unstable) if word in row.saw else None

        found = ranges(self.points(value, Status.MISSING, Status.UNMET))
        return [{"value": one.value[0], **_when(one)} | ({"unstable": True} if one.value[1] else {}) for one in found]

    def verdicts(self) -> list[Json]:
        """Return the statements about the verdict, with what is behind each as notes."""
        return [
            {"verdict": str(one.value), **_when(one)} | self._notes(one)
            for one in ranges(self.points(_status, Status.MISSING))
        ]

    def _notes(self, one: Range[Status]) -> Json:
        rows = [row for row in self.rows[one.span] if row]
        notes = list(dict.fromkeys(note for row in rows for note in (*row.claims, row.why) if note))
        return {"notes": notes} if notes else {}

    def gaps(self) -> Json:
        """Return why a kernel that was asked did not answer, by its name."""
        pairs = zip(self.place.sheets, self.rows, strict=True)
        return {sheet.name: row.reason for sheet, row in pairs if row and row.status is Status.MISSING}


def _status(row: Row) -> Status:
    return row.status


def _when(one: Range[V]) -> Json:
    """Return the versions of a range as members of its statement."""
    found: Json = {"version_added": one.added, "version_last": one.last}
    return found | ({"version_removed": one.removed} if one.removed else {})
