"""What a program asked of memory, counted: the profile, and how a log becomes one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from farm.errors import PlanError
from farm.profile import log, summary, words

UNKNOWN, NONE = "?", "0"  # flags that the log does not tell, and no flags at all
KINDS_LIMIT = 300  # different sets of flags of one call, and different files; what comes on top counts as unknown
STRACE, SUMMARY = "strace", "strace -c"
PATH = re.compile(r'^[^"]*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Use:
    """One call with one set of flags; None where the log does not tell them. `times` counts, failures included."""

    call: str
    flags: frozenset[str] | None
    times: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What a program asked of memory; `failed` counts errnos per call, `files` what it opened.

    `lines`, `calls` and `not_understood` are of the whole log, calls that have nothing to do with memory included.
    """

    program: str
    source: str
    lines: int
    calls: int
    not_understood: int
    uses: tuple[Use, ...] = ()
    failed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """What is counted while logs are read; it grows with what differs, not with the log."""

    uses: dict[str, Counter[str]] = field(default_factory=dict)
    failed: dict[str, Counter[str]] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)

    def add(self, call: log.Call) -> None:
        """Count one call of a log, if it has to do with memory."""
        if call.name in words.OPENS:
            self.opened(call.arguments)
            return
        name = words.name_of(call.name)
        if name is None:
            return
        flags = words.flags_of(name, call.arguments)
        if not flags and name in words.ALWAYS:
            self.use(name, UNKNOWN)
        elif words.is_about_memory(name, flags):
            self.use(name, "|".join(sorted(flags)) or NONE)
        else:
            return
        if call.errno:
            self.failed.setdefault(name, Counter())[call.errno] += 1

    def use(self, name: str, flags: str, times: int = 1) -> None:
        """Count a call with its flags; beyond a limit of different ones they are not told apart."""
        seen = self.uses.setdefault("fork" if name in words.FORKS else name, Counter())
        seen[flags if flags in seen or len(seen) < KINDS_LIMIT else UNKNOWN] += times

    def opened(self, arguments: str) -> None:
        """Count the opening of a file by which memory is looked at or set."""
        path = PATH.search(arguments)
        shown = words.file_of(path[1]) if path else None
        if shown and (shown in self.files or len(self.files) < KINDS_LIMIT):
            self.files[shown] += 1


def record(program: str, files: Iterable[Path]) -> Profile:
    """Make a profile of the logs that strace wrote; PlanError where they are none."""
    reader, counts, source = log.Reader(), Counts(), STRACE
    paths = list(files)
    for path in paths:
        with opened(path) as file:
            for call in reader.read(file):
                counts.add(call)
    if not reader.calls:
        reader.calls = add_summaries(paths, counts)
        source = SUMMARY
    if not reader.calls:
        where = f"{paths[0]} and {len(paths) - 1} more" if len(paths) > 1 else f"{paths[0]}"
        raise PlanError(
            f"{where}: no strace log: none of {reader.lines} lines is a system call",
            hint="strace -f -o LOG PROGRAM writes one",
        )
    return Profile(
        program=program,
        source=source,
        lines=reader.lines,
        calls=reader.calls,
        not_understood=reader.not_understood if source == STRACE else 0,
        uses=tuple(uses(counts.uses)),
        failed={name: dict(sorted(errnos.items())) for name, errnos in sorted(counts.failed.items())},
        files=dict(sorted(counts.files.items())),
    )


def opened(path: Path) -> BinaryIO:
    """Open a log; PlanError where it cannot be read."""
    try:
        return path.open("rb")
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}", hint="name the file that strace -o wrote") from error


def add_summaries(paths: Iterable[Path], counts: Counts) -> int:
    """Count the rows of `strace -c` tables; return how many calls they count, memory or not."""
    total = 0
    for path in paths:
        with opened(path) as file:
            for name, times in summary.rows(log.bounded_lines(file)):
                total += times
                if known := words.name_of(name):
                    counts.use(known, UNKNOWN if words.CALLS[known] or known in words.FORKS else NONE, times)
    return total


def uses(counted: Mapping[str, Mapping[str, int]]) -> Iterator[Use]:
    """Yield uses by call, the most frequent first."""
    for call, by_flags in sorted(counted.items()):
        for flags, times in sorted(by_flags.items(), key=lambda item: (-item[1], item[0])):
            told = frozenset(flags.split("|")) - {NONE}
            yield Use(call, None if flags == UNKNOWN else told, times)
