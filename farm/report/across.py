"""Across architectures: what answers differently on the same upstream version, apart from what point releases do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from farm.catalogue import Behaviour
from farm.judge import spans
from farm.report.links import behaviour_href
from farm.report.matrix import COLOURS, Cell, letter
from farm.report.model import BASE_VARIANT, Site
from farm.report.order import call_of
from farm.types import Ending, upstream

MANY = 4  # architectures with the same value are "elsewhere"
Version = tuple[int, ...]
Letters = tuple[int | None, ...]  # the group of each column, None where it has no answer


@dataclass(frozen=True, slots=True)
class Column:
    """One kernel on one architecture; `page_size` in bytes."""

    kernel: str
    arch: str
    flavour: str
    version: str
    page_size: int | None

    @property
    def about(self) -> str:
        """What tells it from other columns: flavour, page size."""
        return f"{self.flavour} {self.page_size // 1024}K" if self.page_size else self.flavour


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour that differs; `differs_on` are the versions on which it does."""

    behaviour: Behaviour
    href: str
    cells: tuple[Cell, ...]
    differs_on: str
    instance: str


@dataclass(frozen=True, slots=True)
class Table:
    """Architectures side by side: on one version, or on one series where `alike` is false."""

    name: str
    columns: tuple[Column, ...]
    groups: dict[str, list[Row]]
    compared: int
    alike: bool = True

    @property
    def count(self) -> int:
        """How many behaviours differ."""
        return sum(len(rows) for rows in self.groups.values())

    @property
    def arches(self) -> list[str]:
        """The architectures, each once."""
        return list(dict.fromkeys(column.arch for column in self.columns))


@dataclass
class Across:
    """Compares architectures on every version and series of a site."""

    site: Site
    _differing: dict[tuple[Column, ...], dict[str, Letters]] = field(default_factory=dict)

    def versions(self) -> dict[str, tuple[Column, ...]]:
        """Return the versions that ran on two architectures or more, the newest first."""
        found: dict[Version, list[Column]] = {}
        for column in self._columns():
            found.setdefault(upstream(column.version), []).append(column)
        several = {version: columns for version, columns in found.items() if len(_arches(columns)) > 1}
        return {dotted(version): tuple(several[version]) for version in sorted(several, reverse=True)}

    def series(self) -> dict[str, tuple[Column, ...]]:
        """Return the series whose architectures have other point releases, with the newest build of each."""
        found: dict[Version, dict[tuple[str, str], Column]] = {}
        for column in self._columns():
            newest = found.setdefault(upstream(column.version)[:2], {})
            before = newest.get((column.arch, column.flavour))
            if before is None or upstream(before.version) < upstream(column.version):
                newest[column.arch, column.flavour] = column
        chosen = {version: tuple(newest.values()) for version, newest in found.items()}
        return {
            dotted(version): columns
            for version, columns in sorted(chosen.items(), reverse=True)
            if len(_arches(columns)) > 1 and len({upstream(column.version) for column in columns}) > 1
        }

    def _columns(self) -> Iterator[Column]:
        """Yield every answered cell of the base variant, architecture by architecture."""
        for arch, variant in self.site.places:
            for kernel in self.site.columns((arch, variant)) if variant == BASE_VARIANT else ():
                cell = self.site.cell(kernel, (arch, variant))
                if cell and cell.info.answered:
                    build = self.site.kernels[kernel]
                    yield Column(kernel, arch, build.flavour, build.version, cell.info.page_size)

    def differing(self, columns: tuple[Column, ...]) -> dict[str, Letters]:
        """Return the behaviours on which no answer is shared by all architectures, with the columns' groups."""
        if columns not in self._differing:
            vectors = [self.site.vector(one.kernel, (one.arch, BASE_VARIANT)) or () for one in columns]
            found = {}
            for name, part in self.site.slices.items():
                letters = self._letters([tuple(vector[part]) for vector in vectors])
                if _differ(columns, letters):
                    found[name] = letters
            self._differing[columns] = found
        return self._differing[columns]

    def _letters(self, values: Sequence[tuple[int, ...]]) -> Letters:
        """Return the group of each column, over the probes that every column with any answer has answered."""
        is_answer = self.site.values.is_answer
        some = [value for value in values if any(map(is_answer, value))]
        if len(set(some)) < 2:
            return tuple(0 if value in some else None for value in values)
        shared = [n for n in range(len(some[0])) if all(is_answer(value[n]) for value in some)]
        keys = [self._stable([value[n] for n in shared], [{one[n] for one in some} for n in shared]) for value in some]
        order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        groups = iter([order[key] for key in keys])
        return tuple(next(groups) if value in some else None for value in values)

    def _stable(self, numbers: Sequence[int], others: Sequence[set[int]]) -> tuple[object, ...]:
        """Return what is compared of some values: words that differ from run to run on any side are left out."""
        key: list[object] = []
        for number, sides in zip(numbers, others, strict=True):
            if len(sides) == 1:
                continue
            record = self.site.values.records[number]
            unstable = {word for side in sides for word in self.site.values.records[side].unstable}
            key.append((record.end, *sorted(item for item in record.saw.items() if item[0] not in unstable)))
        return tuple(key)

    def table(self, name: str, columns: tuple[Column, ...], *, alike: bool = True) -> Table:
        """Return the table of one version; of a series only what differs on no version that they share."""
        everywhere = self.where_differing()
        groups: dict[str, list[Row]] = {}
        for behaviour, letters in self.differing(columns).items():
            if alike or behaviour not in everywhere:
                cells = tuple(self._cell(one, behaviour, n) for one, n in zip(columns, letters, strict=True))
                on, instance = everywhere.get(behaviour, ""), self._instance(columns, behaviour)
                row = Row(self.site.behaviours[behaviour], behaviour_href(behaviour), cells, on, instance)
                groups.setdefault(call_of(behaviour), []).append(row)
        return Table(name, columns, groups, len(self.site.slices), alike)

    def _cell(self, column: Column, behaviour: str, group: int | None) -> Cell:
        """Return one cell: the letter of its group."""
        if group is None:
            return Cell("·", "no", title="no answer")
        vector = self.site.vector(column.kernel, (column.arch, BASE_VARIANT)) or ()
        numbers = [n for n in vector[self.site.slices[behaviour]] if n >= 0]
        ends = {self.site.values.records[n].end for n in numbers}
        unmet = ends == {Ending.UNMET}
        why = self.site.values.records[numbers[0]].why if unmet else ""
        return Cell(letter(group), f"g{group % COLOURS}" + " unmet" * unmet, title=why)

    def _instance(self, columns: tuple[Column, ...], behaviour: str) -> str:
        """Name one word in which the architectures differ, and what each says: the first probe's first."""
        for probe in self.site.behaviours[behaviour].probes:
            cells = [self.site.cell(one.kernel, (one.arch, BASE_VARIANT)) for one in columns]
            records = [cell.records.get(probe) if cell else None for cell in cells]
            told = [
                (one.arch, record)
                for one, record in zip(columns, records, strict=True)
                if record and record.end.is_answer
            ]
            ends = {record.end for _, record in told}
            unstable = {word for _, record in told for word in record.unstable}
            words = dict.fromkeys(word for _, record in told for word in record.saw if word not in unstable)
            for word in words if len(ends) == 1 else ["ends"] if ends else []:
                said = [
                    (arch, str(record.end if len(ends) > 1 else record.saw.get(word, "–"))) for arch, record in told
                ]
                if len({value for _, value in said}) > 1:
                    return f"{probe.rpartition('.')[2]}, {word}: {grouped(said)}"
        return ""

    def where_differing(self) -> dict[str, str]:
        """Return for each behaviour the versions on which architectures differ, as ranges."""
        versions = list(reversed(self.versions().items()))
        found: dict[str, list[str]] = {}
        for version, columns in versions:
            for behaviour in self.differing(columns):
                found.setdefault(behaviour, []).append(version)
        order = [version for version, _ in versions]
        return {behaviour: spans(on, order) for behaviour, on in found.items()}


def grouped(said: Sequence[tuple[str, str]]) -> str:
    """Return values with who said them: "EINVAL on s390x; ok elsewhere", the value of most of them last."""
    by_value: dict[str, dict[str, None]] = {}
    for arch, value in said:
        by_value.setdefault(value, {})[arch] = None
    told = [f"{value} on {', '.join(arches)}" for value, arches in by_value.items()]
    most = max(by_value, key=lambda value: len(by_value[value]))
    if len(by_value[most]) < MANY:
        return "; ".join(told)
    others = [text for value, text in zip(by_value, told, strict=True) if value != most]
    return "; ".join([*others, f"{most} elsewhere"])


def dotted(version: Version) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))


def _arches(columns: Sequence[Column]) -> set[str]:
    return {column.arch for column in columns}


def _differ(columns: Sequence[Column], letters: Letters) -> bool:
    """Whether the architectures have no answer in common; flavours of one may differ for other reasons."""
    by_arch: dict[str, set[int]] = {}
    for column, group in zip(columns, letters, strict=True):
        if group is not None:
            by_arch.setdefault(column.arch, set()).add(group)
    return len(by_arch) > 1 and not set.intersection(*by_arch.values())
