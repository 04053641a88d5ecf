"""Asks the probes of one cell in as many guests as that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm import check
from farm.check import Order
from farm.errors import GuestError, InfraError, LostError
from farm.guest import Guest, run_folder, start
from farm.plan import Cell
from farm.prepare import Prepared
from farm.run import run
from farm.steps import Event, bus, step
from farm.types import Ending, Record

# Guests that one cell may use up before the probes that are left are booked as lost.
MAX_GUESTS = 12
# A first boot that fails may be the host's fault (load): it is tried once more, and both tries are in run.json.
BOOT_TRIES = 2


@dataclass(slots=True)
class Answers:
    """What the guests of one cell said, and what was seen of the guests themselves.

    `retried` are the probes that are asked a second time because QEMU went away in them.
    """

    records: dict[str, Record] = field(default_factory=dict)
    page_size: int | None = None
    oopses: set[str] = field(default_factory=set)
    tainted: bool = False
    guests: list[dict[str, object]] = field(default_factory=list)
    console: str = ""
    retried: set[str] = field(default_factory=set)


def ask_all(cell: Cell, prepared: Prepared, order: Order) -> Answers:
    """Ask every probe of `order`, in as many guests as that takes; raises what the first boot raised."""
    answers = Answers()
    pending = list(order.probes)
    while pending and len(answers.guests) < MAX_GUESTS:
        left = replace(order, probes=tuple(pending))
        with booted(cell, prepared, answers) as guest:
            ask_one(cell, guest, left, answers)
        pending = [probe for probe in pending if probe not in answers.records]
    for probe in pending:
        answers.records[probe] = Record(probe, Ending.LOST, why=f"{MAX_GUESTS} guests were lost before this probe")
    if any(order.kill):
        ask_over_a_kill(cell, prepared, order, answers)
    return answers


def ask_over_a_kill(cell: Cell, prepared: Prepared, order: Order, answers: Answers) -> None:
    """Ask in a guest that is then killed, and in the next one what it left; what cannot be asked is booked as lost."""
    why = "the guest before the kill did not answer"
    try:
        with own_images(prepared.images) as kept:
            for part in order.kill:
                # A guest ends by SIGKILL: nothing in it, and nothing in QEMU, has a chance to write anything back.
                with booted(cell, prepared, answers, kept) as guest:
                    ask_one(cell, guest, replace(order, probes=part), answers)
                answered = (answers.records[one].end == Ending.ANSWERED for one in part if one in answers.records)
                if sum(answered) < len(part):
                    break
    except (GuestError, InfraError) as error:
        why = error.message
    for probe in (probe for part in order.kill for probe in part if probe not in answers.records):
        answers.records[probe] = Record(probe, Ending.LOST, why=why)


@contextmanager
def own_images(images: Mapping[str, Path]) -> Iterator[Mapping[str, Path]]:
    """Yield copies of `images` that guests may write to, one after the other; removed in the end."""
    with run_folder() as folder:
        copies = {name: folder / f"{name}.img" for name in images}
        for name, path in images.items():
            run(["cp", "--sparse=always", path, copies[name]])
        yield copies


def ask_repeatedly(cell: Cell, prepared: Prepared, order: Order, times: int) -> Answers:
    """Ask everything `times` times, each in new guests; a word that was not always the same is marked unstable."""
    runs = [ask_all(cell, prepared, order) for _ in range(times)]
    first = runs[0]
    for other in runs[1:]:
        first.guests += other.guests
        first.oopses |= other.oopses
        first.tainted |= other.tainted
    first.records = {probe: stable([run.records[probe] for run in runs]) for probe in first.records}
    return first


def stable(runs: Sequence[Record]) -> Record:
    """Return the first of several records of one probe, with what differs among them named in `unstable`.

    An ending that differs is named "end", a trace "trace".
    """
    words = sorted({word for run in runs for word in run.saw})
    differ = [word for word in words if len({run.saw.get(word) for run in runs}) > 1]
    differ += ["end"] if len({run.end for run in runs}) > 1 else []
    differ += ["trace"] if len({run.trace for run in runs}) > 1 else []
    return replace(runs[0], unstable=tuple(differ))


@contextmanager
def booted(cell: Cell, prepared: Prepared, answers: Answers, kept: Mapping[str, Path] | None = None) -> Iterator[Guest]:
    """Yield a guest of `cell` that answers; what was seen of it is added to `answers` in the end."""
    for attempt in range(1, BOOT_TRIES + 1):
        try:
            with step("boot", cell.name):
                guest = start(cell, prepared, kept=kept)
            break
        except (GuestError, InfraError) as error:
            answers.guests.append({"boot": str(error), "tail": error.tail})
            if attempt == BOOT_TRIES:
                raise
    with guest:
        yield guest
        answers.guests.append(guest.facts())
        answers.console += guest.machine.console.text
        answers.oopses |= guest.oopses
        answers.tainted |= guest.tainted


def ask_one(cell: Cell, guest: Guest, order: Order, answers: Answers) -> None:
    """Ask one guest until it has answered all or is lost; the probe in which it was lost gets its record."""
    total = len(answers.records) + len(order.probes)

    def seen(record: Record) -> None:
        answers.records[record.probe] = record
        bus.emit(Event("check", cell.name, "progress", done=len(answers.records), total=total))

    began = time.monotonic()
    with step("check", cell.name):
        outcome = check.ask(guest.session, order, seen)
    guest.seconds["check"] = time.monotonic() - began
    if outcome.hello is not None:
        answers.page_size = outcome.hello.page_size
    if outcome.error is None:
        # Every probe has answered; a guest that goes away now takes only its log with it.
        with suppress(LostError):
            guest.look_back()
        return
    fault = ""
    if isinstance(outcome.error, GuestError):
        last = guest.last_probe()
        if last in order.probes and last not in answers.records:
            outcome.started = last
        fault = guest.machine.fault
    if fault and outcome.started and outcome.started not in answers.retried:
        # Not the kernel's doing, and maybe not the probe's: once more, in a new guest.
        answers.retried.add(outcome.started)
        return
    record = check.verdict(outcome, guest.panicked(), fault)
    if record is not None:
        answers.records[record.probe] = record
    elif not outcome.records:
        raise LostError(
            f"the guest was lost before its first probe: {outcome.error}", tail=guest.machine.console.tail()
        )
