"""Reads the table of `strace -c`: how often each call was made, nothing about its flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

RULE = re.compile(r"\s*-{4,}(?: -{4,})+\s*")
CALLS, NAME = "calls", "syscall"


def rows(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield name and number of each row of each table; `-U` may have chosen and ordered the columns."""
    before, columns = "", dict[str, slice]()
    for line in lines:
        if RULE.fullmatch(line):
            ends = {} if columns else spans(before, line)
            # The same rule stands below the rows; what follows it is their total.
            columns = ends if {CALLS, NAME} <= ends.keys() else {}
        elif columns and (row := row_of(line, columns)):
            yield row
        before = line


def spans(heading: str, rule: str) -> dict[str, slice]:
    """Return where each column stands: as wide as its dashes, and the heading above them is its name."""
    found = {}
    start = 0
    for dashes in re.finditer(r"-+", rule):
        found[heading[start : dashes.end()].strip()] = slice(start, dashes.end())
        start = dashes.end()
    name = found.get(NAME)
    if name is not None and name.stop == len(rule.rstrip()):
        found[NAME] = slice(name.start, None)  # long names go beyond the dashes
    return found


def row_of(line: str, columns: dict[str, slice]) -> tuple[str, int] | None:
    """Return one row, None where the line is none."""
    name, number = line[columns[NAME]].strip(), line[columns[CALLS]].strip()
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and number.isascii() and number.isdigit():
        return name, int(number)
    return None
