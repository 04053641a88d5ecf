"""A guest that has just come up: who it is is asked before anything else."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import cast

import pytest

from farm.arches import ARCHES
from farm.errors import InfraError, ProtocolError
from farm.guest import Guest, _known, refuse_wild
from farm.plan import Cell
from farm.qemu.machine import Machine
from farm.session import Session
from farm.variants import VARIANTS
from tests.made_up import kernel

CELL = Cell(kernel("6.12.117-1"), ARCHES["x86_64"], VARIANTS["plain"])


def guest(release: str, ended: Callable[[], None], uptime: str = "2.50 2.00") -> Guest:
    """Return a guest that answers what the real one does, and says in the end that it was ended."""
    session = SimpleNamespace(run=lambda _: f"{uptime}\n{release}\nno network card\n")
    stack = ExitStack()
    stack.callback(ended)
    return Guest(cast("Machine", None), cast("Session", session), stack, {})


def test_the_labelled_kernel_is_taken_with_what_its_init_could_not_keep() -> None:
    found = _known(guest(CELL.kernel.release, lambda: None), CELL, time.monotonic())
    assert (found.release, found.uptime, found.failed) == (CELL.kernel.release, 2.5, ("no network card",))


def test_another_kernel_than_the_labelled_one_is_refused_and_its_guest_ended() -> None:
    ended: list[str] = []
    with pytest.raises(InfraError, match=f"booted '6.12.0-other', not '{CELL.kernel.release}'"):
        _known(guest("6.12.0-other", lambda: ended.append("ended")), CELL, time.monotonic())
    assert ended == ["ended"]


@pytest.mark.parametrize("uptime", ["", "soon", "nan nan", "1e999 1"])
def test_a_guest_that_says_no_time_is_refused_and_ended(uptime: str) -> None:
    ended: list[str] = []
    with pytest.raises(ProtocolError, match=f"the guest says {uptime!r} for its uptime"):
        _known(guest(CELL.kernel.release, lambda: ended.append("ended"), uptime), CELL, time.monotonic())
    assert ended == ["ended"]


# Seconds of the guest's clock, and the least and the most that went by on the host.
@pytest.mark.parametrize(("inside", "least", "most"), [(10, 10, 10), (52, 4, 60), (4, 4, 60), (3, 0, 0.1), (14, 9, 10)])
def test_a_clock_that_can_have_kept_time_is_believed(inside: float, least: float, most: float) -> None:
    refuse_wild(inside, least, most)


@pytest.mark.parametrize(("inside", "least", "most", "host"), [(52, 4, 10, 10), (650, 10, 11, 11), (4, 20, 30, 20)])
def test_a_clock_that_ran_wild_voids_the_cell(inside: float, least: float, most: float, host: int) -> None:
    with pytest.raises(InfraError, match=f"the guest's clock ran {inside} s in {host} s of the host's"):
        refuse_wild(inside, least, most)


def test_a_clock_that_is_older_than_its_guest_is_refused_at_boot() -> None:
    ended: list[str] = []
    with pytest.raises(InfraError, match="the guest's clock ran 650 s in 0 s of the host's"):
        _known(guest(CELL.kernel.release, lambda: ended.append("ended"), "650.00 3.00"), CELL, time.monotonic())
    assert ended == ["ended"]
