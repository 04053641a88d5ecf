"""Reads what strace wrote: one call at a time, in bounded memory, whatever the options were.

Lines may begin with a process number, a time and an instruction pointer; a call that another process interrupts is
put together again; what is not understood is counted. The table of `strace -c` is read by summary.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

LINE_LIMIT = 64 * 1024  # bytes of a line that are looked at; flags stand far in front of that
PENDING_LIMIT = 4096  # interrupted calls that are remembered; a machine has no more threads in calls of one program

PID = r"(?:\[pid +(?P<pid>\d+)(?:<[^>]*>)?\] |(?P<bare>\d+)(?:<[^>]*>)? +)?"
TIME = r"(?:\(\+ +\d+\.\d+\) |[+ ]*(?:\d\d:\d\d:\d\d|\d{1,12})(?:\.\d+)?(?: \(\+ *\d+\.\d+\))? +)?"
POINTER = r"(?:\[ *[0-9a-fx?]+\] ){0,2}"  # -i, -n
PREFIX = re.compile(rf"{PID} *{TIME}{POINTER}")
CALL = re.compile(r"(?P<name>[a-z_][a-z0-9_]{0,63})\((?P<rest>.*)", re.DOTALL)
RESUMED = re.compile(r"<\.\.\. (?P<name>[a-z_][a-z0-9_]{0,63}) resumed>(?P<rest>.*)", re.DOTALL)
# On a terminal strace speaks in the middle of the line that a new process interrupts.
UNFINISHED = re.compile(r" ?<(?:unfinished|detached) \.\.\.>\s*\Z|strace: Process \d+ attached\s*\Z")
RESULT = re.compile(r"\)\s+= (?:-?\d+|0x[0-9a-f]+|\?)(?: (E[A-Z0-9]+)\b)?")
RESULT_WITHIN = 8 * 1024  # characters at a line's end: a result may carry the path of a descriptor
# What stands between calls: signals, exits, stack frames of -k, and strace's own words.
BESIDE = re.compile(
    r"""(?:[ ]?<unfinished[ ]\.\.\.>
    |---[ ](?:SIG\w+|stopped[ ]by)\b.*---
    |\+\+\+[ ](?:exited|killed|superseded)\b.*\+\+\+
    |strace:[ ].*
    |[ ]>[ ].*
    |<gone>.*
    |\[[ ]Process[ ]PID=\d+[ ]runs[ ]in[ ].*[ ]mode\.[ ]\]
    |Process[ ]\d+[ ](?:attached|detached).*
    |%[ ]time[ ]+seconds[ ].*|-+(?:[ ]-+)+[ ]*|\s*\d+\.\d+[ ]+\d+\.\d+[ ]+\d.*  # the table of -C
    )?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of the log; `errno` is empty where it succeeded or nobody knows."""

    name: str
    arguments: str
    errno: str = ""


@dataclass(slots=True)
class Reader:
    """Turns lines into calls, and counts what it could make of them."""

    lines: int = 0
    calls: int = 0
    not_understood: int = 0
    first_not_understood: int = 0
    _pending: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, file: BinaryIO) -> Iterator[Call]:
        """Yield the calls of one log; those that it breaks off in come last, with an unknown result."""
        for line in bounded_lines(file):
            self.lines += 1
            call = self._line(line)
            if call is not None:
                self.calls += 1
                yield call
        for name, arguments in self._pending.values():
            self.calls += 1
            yield Call(name, arguments)
        self._pending.clear()

    def _line(self, line: str) -> Call | None:
        """Return the call that a line completes, None where it completes none."""
        start = PREFIX.match(line)
        assert start is not None, "every part of it is optional"
        process, text = start["pid"] or start["bare"] or "", line[start.end() :]
        if found := CALL.match(text):
            return self._begun(process, found["name"], found["rest"])
        if found := RESUMED.match(text):
            # The first process has no number on a terminal until there is a second one.
            key = process if process in self._pending else ""
            name, arguments = self._pending.pop(key, ("", ""))
            return self._ended(found["name"], arguments if name == found["name"] else "", found["rest"])
        if not BESIDE.fullmatch(text.rstrip("\n")) and not BESIDE.fullmatch(line.rstrip("\n")):
            self._blame()
        return None

    def _begun(self, process: str, name: str, rest: str) -> Call | None:
        """Return a call that stands on one line; remember one that another process interrupts."""
        cut = UNFINISHED.search(rest)
        if cut is None:
            return self._ended(name, "", rest)
        if len(self._pending) >= PENDING_LIMIT:
            self._pending.pop(next(iter(self._pending)))
            self._blame()
        self._pending[process] = name, rest[: cut.start()]
        return None

    def _ended(self, name: str, before: str, rest: str) -> Call | None:
        """Return a call with its result; None where the line has no result, so that it is no call or cut short."""
        tail = rest[-RESULT_WITHIN:]
        results = list(RESULT.finditer(tail))
        if not results:
            self._blame()
            return None
        return Call(name, before + rest[: len(rest) - len(tail) + results[-1].start()], results[-1][1] or "")

    def _blame(self) -> None:
        """Count a line that was not understood, and remember where the first one stands."""
        self.not_understood += 1
        self.first_not_understood = self.first_not_understood or self.lines


def bounded_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of a file, each cut at the limit; what is no UTF-8 is replaced, it stands in strings only."""
    while line := file.readline(LINE_LIMIT):
        more = line
        while len(more) >= LINE_LIMIT and not more.endswith(b"\n"):
            more = file.readline(LINE_LIMIT)
        yield line.decode("utf-8", "replace")
