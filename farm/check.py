"""Runs the checker in guests until every probe has its record; what ends a guest costs that probe only."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from farm.errors import GuestError, LostError, PanicError, ProtocolError
from farm.protocol import Done, Hello, Message, Start, parse
from farm.session import Session
from farm.types import Ending, Record

PATH = "/farm/checker"
# The checker ends a probe itself; this is for a guest that does not answer any more. Seconds, times slowness.
SILENCE = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the checker is asked: `gives` are the variant's words, `ruled_out` maps a word to the config option.

    `kill` are two parts more: the first is asked in a guest that is then killed, the second in the next one that
    is booted from the images that it leaves behind.
    """

    probes: tuple[str, ...]
    gives: tuple[str, ...] = ()
    ruled_out: Mapping[str, str] = field(default_factory=dict)
    slowness: float = 1.0
    kill: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def command(self) -> str:
        """Return the checker's command line in the guest; every word of it is ours."""
        words = [PATH, "run", "--gives", ",".join(self.gives) or "none", "--scale", f"{max(1, round(self.slowness))}"]
        for word, why in sorted(self.ruled_out.items()):
            words += ["--ruled-out", shlex.quote(f"{word}={why}")]
        return " ".join(words)


@dataclass(slots=True)
class Outcome:
    """What one guest answered: its records, the probe it was lost in, and why; `hello` unless it never spoke."""

    hello: Hello | None = None
    records: dict[str, Record] = field(default_factory=dict)
    started: str | None = None
    error: GuestError | ProtocolError | None = None


def ask(session: Session, order: Order, seen: Callable[[Record], None]) -> Outcome:
    """Run the checker once; returns also when the guest goes away in mid-run, with what was answered by then."""
    outcome = Outcome()
    text = "".join(f"{probe}\n" for probe in order.probes).encode()
    try:
        _listen(session.lines(order.command(), text, SILENCE * order.slowness), order, outcome, seen)
    except (GuestError, ProtocolError) as error:
        outcome.error = error
    return outcome


def _listen(lines: Iterator[bytes], order: Order, outcome: Outcome, seen: Callable[[Record], None]) -> None:
    for line in lines:
        message = parse(line)
        if isinstance(message, Done):
            if outcome.started:
                raise ProtocolError(f"the checker was done before it had answered {outcome.started}")
            # To the end of the stream: a channel that is closed early takes dropbear's connection with it.
            _no_more(lines)
            return
        _take(message, order.probes, outcome)
        if isinstance(message, Record):
            seen(message)
    raise LostError("the checker's output ended before it was done")


def _no_more(lines: Iterator[bytes]) -> None:
    for line in lines:
        raise ProtocolError("the checker went on after it was done", tail=repr(line[:400]))


def _take(message: Message, probes: Sequence[str], outcome: Outcome) -> None:
    if isinstance(message, Hello):
        outcome.hello = message
    elif isinstance(message, Start):
        if message.probe not in probes or message.probe in outcome.records:
            raise ProtocolError(f"the checker started {message.probe}, which it was not asked for")
        outcome.started = message.probe
    elif isinstance(message, Record):
        if message.probe != outcome.started:
            raise ProtocolError(f"the checker answered {message.probe}, which it had not started")
        outcome.records[message.probe] = message
        outcome.started = None


def verdict(outcome: Outcome, panicked: str | None, fault: str = "") -> Record | None:
    """Return the record of the probe in which the guest was lost, or None where it was lost in none.

    `panicked` is the panic's line in canonical form; only what is the same in every run goes into a record.
    `fault` is what ended QEMU, where that was not the guest.
    """
    if outcome.started is None or outcome.error is None:
        return None
    if panicked or isinstance(outcome.error, PanicError):
        return Record(outcome.started, Ending.DIED, why=panicked or outcome.error.message)
    if isinstance(outcome.error, ProtocolError):
        return Record(outcome.started, Ending.BROKEN, why=str(outcome.error))
    if fault:
        return Record(outcome.started, Ending.BROKEN, why=fault)
    return Record(outcome.started, Ending.HUNG, why="the guest did not answer any more")
