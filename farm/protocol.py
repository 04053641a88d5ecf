"""The record protocol: what the checker may print, parsed strictly; the guest is not trusted.

One JSON object a line: `hello` first, then for every probe `start` and `probe`, last `done`. A `start` that
no `probe` follows is where the guest was lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from farm.errors import ProtocolError
from farm.types import Ending, Record

PROTOCOL = 1
ID = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+){2}")
WORD = re.compile(r"[a-z0-9_]{1,64}")
PROCESS = re.compile(r"/proc/\d+/")
MAX_WORDS = 2000
MAX_VALUE = 2000
MAX_TRACE = 5000
# What the guest may say of itself; lost and absent are the host's to say.
ENDINGS = {Ending.ANSWERED, Ending.UNMET, Ending.BROKEN, Ending.DIED, Ending.HUNG}


@dataclass(frozen=True, slots=True)
class Hello:
    """The checker's first line: page size in bytes, `uname -r`, `uname -m`."""

    page_size: int
    release: str
    machine: str


@dataclass(frozen=True, slots=True)
class Start:
    """A probe begins."""

    probe: str


@dataclass(frozen=True, slots=True)
class Done:
    """The checker is through; `count` probes were run."""

    count: int


Message = Hello | Start | Record | Done


def _need(condition: bool, what: str, line: bytes) -> None:
    if not condition:
        raise ProtocolError(f"the checker printed {what}", tail=repr(line[:400]))


def _keys(found: Mapping[str, object], *allowed: str) -> bool:
    return set(found) <= set(allowed)


def parse(line: bytes) -> Message:
    """Return the message of one line; ProtocolError for whatever the protocol does not name."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the checker printed no JSON: {error}", tail=repr(line[:400])) from error
    _need(isinstance(found, dict), "JSON that is no object", line)
    for kind, parser in PARSERS.items():
        if kind in found:
            return parser(found, line)
    raise ProtocolError("the checker printed an object of no known kind", tail=repr(line[:400]))


def _integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _text(value: object, limit: int = MAX_VALUE) -> bool:
    return isinstance(value, str) and len(value) <= limit


def _probe_id(value: object, line: bytes) -> str:
    _need(isinstance(value, str) and ID.fullmatch(value) is not None, "a probe id of the wrong form", line)
    return str(value)


def _hello(found: dict[str, object], line: bytes) -> Hello:
    page, release, machine = found.get("page_size"), found.get("release"), found.get("machine")
    _need(found["hello"] == PROTOCOL, "a hello of another protocol", line)
    _need(_keys(found, "hello", "page_size", "release", "machine"), "a hello with unknown keys", line)
    _need(_integer(page, 1024, 1 << 24), "a hello without a page size", line)
    _need(_text(release, 200) and _text(machine, 50), "a hello without uname", line)
    return Hello(int(str(page)), str(release), str(machine))


def _start(found: dict[str, object], line: bytes) -> Start:
    _need(_keys(found, "start"), "a start with unknown keys", line)
    return Start(_probe_id(found["start"], line))


def _record(found: dict[str, object], line: bytes) -> Record:
    _need(_keys(found, "probe", "end", "saw", "why", "trace"), "a record with unknown keys", line)
    probe = _probe_id(found["probe"], line)
    end, saw, why, trace = (found.get(key, default) for key, default in DEFAULTS)
    _need(isinstance(end, str) and end in ENDINGS, f"a record with the ending {end!r}", line)
    _need(_text(why) and (bool(why) or end == Ending.ANSWERED), "a record that does not say why", line)
    _need(isinstance(saw, dict) and len(saw) <= MAX_WORDS, "a record whose words are no object", line)
    _need(isinstance(trace, list) and len(trace) <= MAX_TRACE, "a record whose trace is no list", line)
    assert isinstance(saw, dict)
    assert isinstance(trace, list)
    for word, value in saw.items():
        _need(WORD.fullmatch(word) is not None, f"a word of the wrong form ({word!r})", line)
        _need(_text(value) or _integer(value, -(1 << 63), 1 << 64), f"a value of the wrong form ({word})", line)
    _need(all(_text(step, MAX_VALUE * 4) for step in trace), "a trace line that is no text", line)
    return Record(probe, Ending(str(end)), saw, str(why), trace=settled(trace))


def settled(trace: Sequence[str]) -> tuple[str, ...]:
    """Return a trace without what luck decides: process numbers, and how often a file was read in vain.

    Probes wait like that for the kernel to settle: a file that is read again with the same answer is read once.
    """
    lines = [PROCESS.sub("/proc/PID/", line) for line in trace]
    pairs = zip(["", *lines], lines, strict=False)
    return tuple(line for before, line in pairs if line != before or not line.startswith("/"))


DEFAULTS: tuple[tuple[str, object], ...] = (("end", None), ("saw", {}), ("why", ""), ("trace", []))


def _done(found: dict[str, object], line: bytes) -> Done:
    _need(_keys(found, "done") and _integer(found["done"], 0, 1 << 31), "a done without a count", line)
    return Done(int(str(found["done"])))


PARSERS: dict[str, Callable[[dict[str, object], bytes], Message]] = {
    "hello": _hello,
    "start": _start,
    "probe": _record,
    "done": _done,
}
