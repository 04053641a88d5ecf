import json
from collections.abc import Iterator
from typing import cast

from farm.check import Order, Outcome, ask, verdict
from farm.errors import LostError
from farm.session import Session
from farm.types import Ending, Record

HELLO = {"hello": 1, "page_size": 4096, "release": "6.12", "machine": "x86_64"}
ORDER = Order(("a.b.one", "a.b.two"), gives=("ext4",), ruled_out={"dax": "CONFIG_FS_DAX is not set"})


class Said:
    """A session whose guest says the given lines and is then lost, where `lost` is given."""

    def __init__(self, *lines: object, lost: str = "") -> None:
        self.said = lines
        self.lost = lost
        self.asked: list[tuple[str, bytes]] = []

    def lines(self, command: str, data: bytes, _timeout: float) -> Iterator[bytes]:
        self.asked.append((command, data))
        for line in self.said:
            yield line if isinstance(line, bytes) else json.dumps(line).encode()
        if self.lost:
            raise LostError(self.lost)


def told(said: Said) -> Outcome:
    return ask(cast("Session", said), ORDER, lambda _: None)


def answered(probe: str) -> dict[str, object]:
    return {"probe": probe, "end": "answered", "saw": {"mmap": "ok"}, "trace": []}


def test_every_probe_that_was_answered_is_kept() -> None:
    said = Said(
        HELLO, {"start": "a.b.one"}, answered("a.b.one"), {"start": "a.b.two"}, answered("a.b.two"), {"done": 2}
    )
    outcome = told(said)
    assert list(outcome.records) == ["a.b.one", "a.b.two"]
    assert outcome.error is None


def test_the_checker_is_told_what_the_variant_gives_and_what_the_config_rules_out() -> None:
    said = Said(HELLO, {"done": 0})
    told(said)
    assert said.asked == [
        (
            "/farm/checker run --gives ext4 --scale 1 --ruled-out 'dax=CONFIG_FS_DAX is not set'",
            b"a.b.one\na.b.two\n",
        )
    ]


def test_what_was_answered_before_the_guest_was_lost_is_kept_and_the_probe_at_fault_is_named() -> None:
    said = Said(HELLO, {"start": "a.b.one"}, answered("a.b.one"), {"start": "a.b.two"}, lost="connection reset")
    outcome = told(said)
    assert list(outcome.records) == ["a.b.one"]
    assert outcome.started == "a.b.two"
    assert verdict(outcome, None) == Record("a.b.two", Ending.HUNG, why="the guest did not answer any more")


def test_a_panic_is_the_death_of_the_probe_that_ran() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.one"}, lost="reset"))
    why = "Kernel panic - not syncing: sysrq triggered crash"
    assert verdict(outcome, why) == Record("a.b.one", Ending.DIED, why=why)


def test_a_guest_lost_between_two_probes_blames_none() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.one"}, answered("a.b.one"), lost="reset"))
    assert verdict(outcome, None) is None


def test_rubbish_is_our_own_fault_and_says_so() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.one"}, b"<script>alert(1)</script>"))
    record = verdict(outcome, None)
    assert record is not None
    assert record.end == Ending.BROKEN


def test_an_end_without_done_is_no_end() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.one"}, answered("a.b.one")))
    assert isinstance(outcome.error, LostError)


def test_a_done_in_the_middle_of_a_probe_is_no_end() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.one"}, {"done": 1}))
    assert outcome.started == "a.b.one"
    assert str(outcome.error) == "the checker was done before it had answered a.b.one"


def test_nothing_may_follow_done() -> None:
    outcome = told(Said(HELLO, {"done": 0}, {"start": "a.b.one"}))
    assert "went on after it was done" in str(outcome.error)


def test_an_answer_to_a_probe_that_was_not_started_is_refused() -> None:
    outcome = told(Said(HELLO, answered("a.b.one")))
    assert outcome.records == {}
    assert "had not started" in str(outcome.error)


def test_a_probe_that_nobody_asked_for_is_refused() -> None:
    outcome = told(Said(HELLO, {"start": "a.b.three"}))
    assert "was not asked for" in str(outcome.error)
