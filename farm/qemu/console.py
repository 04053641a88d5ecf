"""The serial log of a guest, bounded; and the table of what a kernel prints when it is in trouble."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import IO

from farm.errors import BootError, LostError, PanicError
from farm.steps import Deadline

# A guest may print without end: the beginning and the end are kept, the middle is counted.
HEAD = 256 * 1024
TAIL = 256 * 1024
CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that a kernel prints. `fatal`: the guest is gone; else it is tainted and goes on."""

    name: str
    pattern: re.Pattern[str]
    fatal: bool = False


# fmt: off
# Texts as printed by kernel/panic.c, lib/bug.c, mm/ and arch/*/mm/fault.c. The first match of a line counts.
TROUBLES: tuple[Trouble, ...] = (
    Trouble("panic",     re.compile(r"Kernel panic - not syncing: .*"), fatal=True),
    Trouble("oops",      re.compile(r"Oops(?:: | - |\[).*")),
    Trouble("oops",      re.compile(r"Internal error: .*")),
    Trouble("fault",     re.compile(r"BUG: (?:unable to handle|kernel NULL pointer).*")),
    Trouble("fault",     re.compile(r"Unable to handle kernel .*")),
    Trouble("bug",       re.compile(r"kernel BUG at .*")),
    Trouble("bad-page",  re.compile(r"BUG: Bad (?:page|rss).*")),
    Trouble("warning",   re.compile(r"WARNING: CPU: .*")),
    Trouble("warning",   re.compile(r"WARNING: [\w./-]+:\d+ at .*")),
    Trouble("lockup",    re.compile(r"(?:watchdog: )?BUG: soft lockup.*")),
    Trouble("rcu-stall", re.compile(r"rcu: INFO: rcu_\w+ (?:self-)?detected .*stall.*")),
    Trouble("hung-task", re.compile(r"INFO: task \S+ blocked for more than .*")),
    Trouble("kasan",     re.compile(r"BUG: (?:KASAN|KCSAN|KMSAN|KFENCE): .*")),
    Trouble("double",    re.compile(r"traps: PANIC: double fault.*"), fatal=True),
    Trouble("oom",       re.compile(r"Out of memory: Killed process .*")),
    Trouble("bug",       re.compile(r"BUG: .*")),
)
# fmt: on

# What changes from run to run and says nothing: times, CPU and process numbers, addresses, by how much a count is off.
_NOISE = (
    (re.compile(r"^\s*(?:<\d>)?\[\s*\d+\.\d+\](?:\[[^\]]*\])?\s*"), ""),
    (re.compile(r"\b(?:0x)?[0-9a-f]{8,16}\b"), "…"),
    (re.compile(r"CPU: ?\d+"), "CPU"),
    (re.compile(r"(?:PID|pid): ?\d+"), "PID"),
    (re.compile(r"#\d+"), "#"),
    (re.compile(r"\bval:-?\d+"), "val:…"),
)


def canonical(line: str) -> str:
    """Return a line of the kernel log without what differs from run to run."""
    for pattern, instead in _NOISE:
        line = pattern.sub(instead, line)
    return line.strip()


def troubles(text: str) -> list[tuple[Trouble, str]]:
    """Return what the kernel complained about, in order, each line in its canonical form."""
    found = []
    for line in text.splitlines():
        for trouble in TROUBLES:
            match = trouble.pattern.search(line)
            if match:
                found.append((trouble, canonical(match.group())))
                break
    return found


class Console:
    """Reads a guest's serial line in a thread and lets others wait for what it says."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="console", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._stream.read1(CHUNK):  # type: ignore[attr-defined]
            with self._changed:
                self._keep(chunk)
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _keep(self, chunk: bytes) -> None:
        room = HEAD - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[max(room, 0) :]
        if len(self._tail) > 2 * TAIL:
            self._dropped += len(self._tail) - TAIL
            del self._tail[:-TAIL]

    @property
    def closed(self) -> bool:
        """Whether the line has come to its end."""
        return self._closed

    @property
    def text(self) -> str:
        """Everything kept so far, decoded leniently, with plain line ends; a gap is marked."""
        with self._changed:
            gap = f"\n[… {self._dropped} bytes not kept …]\n".encode() if self._dropped else b""
            return (bytes(self._head) + gap + bytes(self._tail)).decode(errors="replace").replace("\r\n", "\n")

    def tail(self, lines: int = 20) -> str:
        """Return the last lines, for an error's evidence."""
        return "\n".join(self.text.splitlines()[-lines:])

    def wait_for(self, marker: str, deadline: Deadline) -> None:
        """Wait until the guest printed `marker`.

        Raises PanicError when it panicked first, LostError when the line was closed, BootError at the deadline.
        """
        with self._changed:
            while marker not in self.text:
                self._check(marker, deadline)
                self._changed.wait(min(deadline.left, 1.0))

    def _check(self, marker: str, deadline: Deadline) -> None:
        fatal = [line for trouble, line in troubles(self.text) if trouble.fatal]
        if fatal:
            raise PanicError(fatal[0], tail=self.tail())
        if self._closed:
            raise LostError(f"the guest ended before it said {marker!r}", tail=self.tail())
        if deadline.over:
            raise BootError(f"the guest did not say {marker!r} within {deadline.seconds:.0f} s", tail=self.tail())

    def wait_closed(self, seconds: float) -> None:
        """Give a guest that is going away the time to say its last words; returns early when it has."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)

    def close(self) -> None:
        """Wait for the reading thread; the stream's other end must be closed."""
        self._thread.join(timeout=5)
        self._stream.close()
