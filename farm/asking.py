"""Asks the probes of one cell in as many guests as that takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from farm import check
from farm.check import Order
from farm.errors import GuestError, InfraError, LostError
from farm.guest import Guest, start
from farm.plan import Cell
from farm.prepare import Prepared
from farm.steps import Event, bus, step
from farm.types import Ending, Record

# Guests that one cell may use up before the probes that are left are booked as lost.
MAX_GUESTS = 12
# A first boot that fails may be the host's fault (load): it is tried once more, and both tries are in run.json.
BOOT_TRIES = 2


@dataclass(slots=True)
class Answers:
    """What the guests of one cell said, and what was seen of the guests themselves."""

    records: dict[str, Record] = field(default_factory=dict)
    page_size: int | None = None
    release: str = ""
    oopses: set[str] = field(default_factory=set)
    tainted: bool = False
    guests: list[dict[str, object]] = field(default_factory=list)
    console: str = ""


def ask_all(cell: Cell, prepared: Prepared, order: Order) -> Answers:
    """Ask every probe of `order`, in as many guests as that takes; raises what the first boot raised."""
    answers = Answers()
    pending = list(order.probes)
    while pending and len(answers.guests) < MAX_GUESTS:
        left = Order(tuple(pending), order.gives, order.ruled_out, order.slowness)
        with booted(cell, prepared, answers) as guest:
            ask_one(cell, guest, left, answers)
        pending = [probe for probe in pending if probe not in answers.records]
    for probe in pending:
        answers.records[probe] = Record(probe, Ending.LOST, why=f"{MAX_GUESTS} guests were lost before this probe")
    return answers


@contextmanager
def booted(cell: Cell, prepared: Prepared, answers: Answers) -> Iterator[Guest]:
    """Yield a guest of `cell` that answers; what was seen of it is added to `answers` in the end."""
    for attempt in range(1, BOOT_TRIES + 1):
        try:
            with step("boot", cell.name):
                guest = start(cell, prepared)
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

    with step("check", cell.name):
        outcome = check.ask(guest.session, order, seen)
    if outcome.hello is not None:
        answers.page_size, answers.release = outcome.hello.page_size, outcome.hello.release
    if outcome.error is None:
        guest.look_back()
        return
    panicked = guest.panicked()
    record = check.verdict(outcome, panicked)
    if record is not None:
        answers.records[record.probe] = record
    elif not outcome.records:
        raise LostError(
            f"the guest was lost before its first probe: {outcome.error}", tail=guest.machine.console.tail()
        )
