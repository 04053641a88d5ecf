"""Numbers for values, so that comparing two behaviours in two cells is comparing a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from farm.types import Record

NOT_ASKED = -1  # the number of a probe that a cell has no record of


@dataclass(slots=True)
class Values:
    """Numbers for records: equal ending and words, equal number. `why` and instability are no part of a value."""

    records: list[Record] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    _by_record: dict[int, int] = field(default_factory=lambda: {id(None): NOT_ASKED})

    def number(self, record: Record | None) -> int:
        """Return the number of a record's value; records live as long as the results, so an id is a safe key."""
        if record is None:
            return NOT_ASKED
        known = self._by_record.get(id(record))
        if known is None:
            value = (record.probe, record.end, *sorted(record.saw.items()))
            known = self._numbers.setdefault(value, len(self.records))
            if known == len(self.records):
                self.records.append(record)
            self._by_record[id(record)] = known
        return known

    def numbers(self, records: Sequence[Record | None]) -> list[int]:
        """Return the numbers of many records; most of them are known already."""
        known = list(map(self._by_record.get, map(id, records)))
        return [self.number(records[n]) if number is None else number for n, number in enumerate(known)]

    def is_answer(self, number: int) -> bool:
        """Whether a value says something about the kernel; numbers below zero are no records."""
        return number >= 0 and self.records[number].end.is_answer
