"""Claims are judged record by record, and put together without smoothing anything over."""

from __future__ import annotations

import pytest

from farm.catalogue import Claim, Probe
from farm.judge import Contradiction, Judgement, Overall, Place, Verdict, configured_out, judge, spans, summary, where
from farm.types import Ending, Record
from tests.made_up import record

ID = "mremap.move_but_not_unmap.source"
SINCE = Claim({"mremap": ("ok",), "left": ("zero", "old")}, since=("5.7",))
UNTIL = Claim({"mremap": ("EINVAL",)}, until=("5.7",))
PROBE = Probe(
    ID, "mremap.move_but_not_unmap", "mremap", "says",
    saw={"mremap": ("ok", "EINVAL"), "left": ("zero", "old", "SIGSEGV")},
    claims=(SINCE, UNTIL),
)  # fmt: skip
SWEEP = Probe("sweep.madvise.anon", "sweep.madvise", "sweep", "says")


@pytest.mark.parametrize(
    ("version", "seen", "expected"),
    [
        ("5.10.1-1", record(ID, mremap="ok", left="zero"), Judgement(Verdict.HOLDS, claimed=True)),
        ("5.4.1-1", record(ID, mremap="EINVAL"), Judgement(Verdict.HOLDS, claimed=True)),
        (
            "5.10.1-1",
            record(ID, mremap="EINVAL"),
            Judgement(
                Verdict.CONTRADICTED,
                (Contradiction("mremap", ("ok",), "EINVAL"), Contradiction("left", ("zero", "old"), None)),
                claimed=True,
            ),
        ),
        (
            "5.10.1-1",
            record(ID, mremap="ok", left="SIGBUS"),
            Judgement(
                Verdict.CONTRADICTED,
                (Contradiction("left", ("zero", "old"), "SIGBUS"),),
                (("left", "SIGBUS"),),
                claimed=True,
            ),
        ),
        (
            "5.10.1-1",
            record(ID, mremap="ok", left="zero", moved="yes"),
            Judgement(Verdict.UNFORESEEN, (), (("moved", "yes"),), claimed=True),
        ),
        (
            "5.10.1-1",
            record(ID, Ending.UNMET, "CONFIG_X is not set"),
            Judgement(Verdict.CANNOT_SAY, why="CONFIG_X is not set", claimed=True),
        ),
        ("5.10.1-1", record(ID, Ending.BROKEN, "no disk"), Judgement(Verdict.MISSING, why="no disk")),
        ("5.10.1-1", None, Judgement(Verdict.MISSING, why="no record")),
    ],
)
def test_a_record_is_judged_by_the_claims_of_its_kernel(version: str, seen: Record | None, expected: Judgement) -> None:
    assert judge(PROBE, version, "x86_64", seen) == expected


def test_a_probe_that_died_has_not_shown_what_is_claimed_even_if_it_said_so_before() -> None:
    died = record(ID, Ending.DIED, "SIGSEGV", mremap="ok", left="zero")
    judged = judge(PROBE, "5.10.1-1", "x86_64", died)
    assert (judged.verdict, judged.why) == (Verdict.CONTRADICTED, "SIGSEGV")
    assert [str(one) for one in judged.contradicted] == [
        "mremap: ok claimed, nothing seen",
        "left: zero or old claimed, nothing seen",
    ]


def test_words_that_differ_from_run_to_run_contradict_nothing() -> None:
    unstable = Record(ID, Ending.ANSWERED, {"mremap": "ok", "left": "SIGSEGV"}, unstable=("left",))
    assert judge(PROBE, "5.10.1-1", "x86_64", unstable).verdict is Verdict.HOLDS


def test_a_sweep_foresees_everything_and_claims_nothing() -> None:
    assert judge(SWEEP, "5.10.1-1", "x86_64", record(SWEEP.id, madv_30="ok")) == Judgement(Verdict.UNCLAIMED)


def test_what_is_claimed_of_another_architecture_only_cannot_be_shown_here() -> None:
    probe = Probe(ID, "mprotect.up", "mprotect", "says", claims=(Claim({"mprotect": ("ok",)}, arch=("parisc",)),))
    judged = judge(probe, "6.12.1-1", "x86_64", record(ID, mprotect="EINVAL"))
    assert judged == Judgement(Verdict.CANNOT_SAY, why="it is claimed only on parisc", claimed=True)
    overall = summary([(Place("6.12", "x86_64", "plain", "p"), judged)])
    assert str(overall) == "cannot be shown here because it is claimed only on parisc"


HOLDS = Judgement(Verdict.HOLDS, claimed=True)
AGAINST = Judgement(Verdict.CONTRADICTED, (Contradiction("mmap", ("ok",), "EINVAL"),), claimed=True)
UNMET = Judgement(Verdict.CANNOT_SAY, why="needs nommu", claimed=True)
NOTHING = Judgement(Verdict.UNCLAIMED)
MISSING = Judgement(Verdict.MISSING, why="lost")


def at(kernel: str = "6.1", arch: str = "x86_64", variant: str = "plain", probe: str = "p") -> Place:
    return Place(kernel, arch, variant, probe)


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([HOLDS, HOLDS, NOTHING, UNMET], "holds"),
        ([AGAINST, NOTHING], "contradicted"),
        ([UNMET, UNMET, NOTHING, MISSING], "cannot be shown here because needs nommu"),
        ([NOTHING, MISSING], "nothing claimed"),
        ([MISSING], "not asked yet"),
        ([], "not asked yet"),
    ],
)
def test_a_behaviour_holds_when_all_that_was_shown_holds(judged: list[Judgement], expected: str) -> None:
    assert str(summary([(at(), one) for one in judged])) == expected


def test_the_first_probe_shows_the_behaviour_and_others_do_not_make_it_hold() -> None:
    judged = [(at(probe="takes_effect"), UNMET), (at(probe="accepted"), HOLDS), (at(probe="refused"), AGAINST)]
    assert str(summary(judged)) == "cannot be shown here because needs nommu"
    assert str(summary([*judged[1:], judged[0]])) == "holds where for accepted; not for refused"


def test_a_kernel_that_is_configured_without_it_contradicts_nothing() -> None:
    judged = configured_out(AGAINST, ["CONFIG_X"])
    assert judged == Judgement(Verdict.CANNOT_SAY, why="CONFIG_X is not set", claimed=True)
    assert configured_out(AGAINST, []) == AGAINST
    assert configured_out(HOLDS, ["CONFIG_X"]) == HOLDS


@pytest.mark.parametrize(
    ("holds", "against", "expected"),
    [
        ([at(arch="x86_64")], [at(arch="arm64")], "on x86_64; not on arm64"),
        (
            [at("5.10"), at("6.1"), at("6.12"), at("7.2")],
            [at("6.18")],
            "on kernel 5.10 … 6.12, 7.2; not on kernel 6.18",
        ),
        ([at(variant="plain")], [at(variant="swap")], "in variant plain; not in variant swap"),
        ([at(probe="a")], [at(probe="b")], "for a; not for b"),
        ([at("6.1", "x86_64"), at("6.12", "arm64")], [at("6.1", "arm64"), at("6.12")], "in 2 of 4 answers"),
        (
            [at("6.1", "x86_64", probe="a"), at("6.12", "arm64", probe="b")],
            [at("6.1", "arm64", probe="b"), at("6.12", "x86_64", probe="c")],
            "for a; partly for b; not for c",
        ),
    ],
)
def test_where_it_holds_is_said_by_what_tells_the_cases_apart(
    holds: list[Place], against: list[Place], expected: str
) -> None:
    assert where(holds, against, ["5.10", "6.1", "6.12", "6.18", "7.2"]) == expected


def test_an_unforeseen_word_beside_a_claim_that_holds_is_counted_and_does_not_void_it() -> None:
    strange = Judgement(Verdict.UNFORESEEN, (), (("x", 1),), claimed=True)
    found = summary([(at(), strange)])
    assert (found.overall, found.holds, found.unforeseen) == (Overall.HOLDS, 1, 1)


def test_ranges_are_never_smoothed() -> None:
    order = ["5.10", "6.1", "6.12", "6.16", "6.17", "7.2"]
    assert spans(["5.10", "6.12", "6.16", "6.17"], order) == "5.10, 6.12 … 6.17"
    assert spans(["5.10", "6.1"], order) == "5.10, 6.1"
    assert spans(["5.10", "9.9"], order) == "5.10, 9.9"
