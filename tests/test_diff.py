"""Two kernels are compared like for like; what cannot be compared is listed, never counted as equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from farm import results
from farm.catalogue import Catalogue, Known, Probe
from farm.diff import Diff, Only, compare
from farm.results import CellInfo
from farm.types import Change, Ending, Missing, Record
from tests.made_up import info, kernel, record

OLD, NEW = "debian-6.1.192-1-cloud", "debian-6.12.117-1-cloud"
A, B, C = "mmap.create_vma.anon", "mmap.create_vma.file", "mremap.move_mapping.plain"
Side = tuple[CellInfo, list[Record]]


def probe(name: str, *config: str) -> Probe:
    return Probe(name, name.rpartition(".")[0], name.partition(".")[0], "says", config=config)


def catalogue(*known: Known, probes: Iterable[Probe] = (probe(A), probe(B), probe(C))) -> Catalogue:
    return Catalogue({}, {one.id: one for one in probes}, known, {})


def old(*records: Record, **changes: object) -> Side:
    return info(kernel("6.1.192-1"), "plain", **changes), list(records)


def new(*records: Record, **changes: object) -> Side:
    return info(kernel("6.12.117-1"), "plain", **changes), list(records)


Differ = Callable[..., Diff]


@pytest.fixture
def differ(tmp_path: Path) -> Differ:
    def made(
        *sides: Side, known: Catalogue | None = None, only: Only | None = None, names: tuple[str, str] = (OLD, NEW)
    ) -> Diff:
        for number, (cell, records) in enumerate(sides):
            config = "CONFIG_FS_DAX=y\n" if number % 2 else "# CONFIG_FS_DAX is not set\nCONFIG_FS_DAX_PMD=y\n"
            results.write(tmp_path, cell, records, config=config)
        return compare(results.scan(tmp_path), known or catalogue(), *names, only)

    return made


def change(name: str, word: str, before: str | None, after: str | None, **others: object) -> Change:
    behaviour = name.rpartition(".")[0]
    made = Change("x86_64", "plain", behaviour, name, word, before, after, Ending.ANSWERED, Ending.ANSWERED)
    return replace(made, **others)  # type: ignore[arg-type]


def test_equal_records_are_no_change_and_nothing_is_missing(differ: Differ) -> None:
    diff = differ(old(record(A, mmap="ok")), new(record(A, mmap="ok")))
    assert diff == Diff(OLD, NEW, (), (), 1, (("x86_64", "plain"),))
    assert diff.exit_status == 0


def test_each_word_that_differs_is_a_change_with_both_values(differ: Differ) -> None:
    diff = differ(
        old(record(A, mmap="EINVAL", pages=1), record(B, mmap="ok")),
        new(record(A, mmap="ok", pages=1, resident="all"), record(B, mmap="ok")),
    )
    assert diff.changes == (change(A, "mmap", "EINVAL", "ok"), change(A, "resident", None, "all"))
    assert diff.exit_status == 1


def test_a_change_of_ending_is_one_change_and_comes_first(differ: Differ) -> None:
    diff = differ(
        old(record(A, mmap="EINVAL"), record(B, Ending.DIED, "SIGBUS", mmap="ok")),
        new(record(A, mmap="ok"), record(B, mmap="ok", resident="all")),
    )
    died = change(B, "end", "died", "answered", old_end=Ending.DIED)
    assert diff.changes == (died, change(A, "mmap", "EINVAL", "ok"))


def test_a_word_that_is_unstable_on_either_side_does_not_count(differ: Differ) -> None:
    wobbly = Record(A, Ending.ANSWERED, {"mmap": "ok", "resident": "some"}, unstable=("resident",))
    diff = differ(old(record(A, mmap="ok", resident="all")), new(wobbly))
    assert diff.changes == ()
    assert diff.exit_status == 0


def test_the_reason_of_an_ending_is_no_value(differ: Differ) -> None:
    diff = differ(old(record(A, Ending.UNMET, "no dax")), new(record(A, Ending.UNMET, "still no dax")))
    assert (diff.changes, diff.missing) == ((), ())


@pytest.mark.parametrize("ending", [Ending.BROKEN, Ending.LOST, Ending.ABSENT])
def test_what_is_no_answer_is_missing_with_its_reason(differ: Differ, ending: Ending) -> None:
    diff = differ(old(record(A, mmap="ok")), new(record(A, ending, "because")))
    assert diff.missing == (Missing("x86_64", "plain", A, f"new {ending}: because"),)
    assert diff.exit_status == 2


def test_a_probe_that_did_not_report_is_missing_on_that_side(differ: Differ) -> None:
    diff = differ(old(record(A, mmap="ok")), new(record(B, mmap="ok")))
    assert diff.missing == (
        Missing("x86_64", "plain", A, "new absent: no record"),
        Missing("x86_64", "plain", B, "old absent: no record"),
    )


def test_the_same_broken_record_on_both_sides_is_still_missing(differ: Differ) -> None:
    diff = differ(old(record(A, Ending.BROKEN, "no disk")), new(record(A, Ending.BROKEN, "no disk")))
    assert diff.missing == (Missing("x86_64", "plain", A, "old and new broken: no disk"),)


def test_a_broken_line_is_named_where_its_record_is_missing(differ: Differ, tmp_path: Path) -> None:
    differ(old(record(A, mmap="ok")), new(record(A, mmap="ok")))
    path = tmp_path / NEW / "x86_64" / "plain" / "records.jsonl"
    path.write_text("{}\n")
    diff = compare(results.scan(tmp_path), catalogue(), OLD, NEW)
    (gap,) = diff.missing
    where = f"{NEW}/x86_64/plain/records.jsonl"
    assert gap.why == f"new absent: {where}: line 1: the line: probe should be a string, is missing"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"page_size": 65536}, "not comparable, page size: 4096 against 65536"),
        ({"cpu": "host"}, "not comparable, CPU: max,cx16=off,la57=off against host"),
        ({"accel": "kvm"}, "not comparable, accelerator: tcg against kvm"),
        ({"ending": "unanswered", "stage": "boot", "why": "panic"}, f"{NEW} is unanswered, boot: panic"),
    ],
)
def test_cells_that_are_not_alike_are_missing_as_a_whole(differ: Differ, changes: dict[str, object], why: str) -> None:
    records = [] if "ending" in changes else [record(A, mmap="EINVAL")]
    diff = differ(old(record(A, mmap="ok")), new(*records, **changes))
    assert (diff.changes, diff.missing) == ((), (Missing("x86_64", "plain", "*", why),))
    assert diff.exit_status == 2


def test_a_cell_that_was_not_run_or_cannot_be_read_is_missing(differ: Differ, tmp_path: Path) -> None:
    diff = differ(old(record(A, mmap="ok")), new(record(A, mmap="ok")), (info(kernel("6.1.192-1"), "swap"), []))
    assert diff.missing == (Missing("x86_64", "swap", "*", f"{NEW} was not run here"),)
    (tmp_path / NEW / "x86_64" / "plain" / "cell.json").write_text('{"schema": 7}')
    diff = compare(results.scan(tmp_path), catalogue(), OLD, NEW)
    assert "cannot be read: cell.json: schema 7" in diff.missing[0].why


def test_a_family_that_changed_between_the_runs_is_not_compared(differ: Differ) -> None:
    diff = differ(
        old(record(A, mmap="ok"), record(C, mremap="ok"), families={"mmap": "1", "mremap": "1"}),
        new(record(A, mmap="EINVAL"), record(C, mremap="EINVAL"), families={"mmap": "2", "mremap": "1"}),
    )
    assert [one.probe for one in diff.changes] == [C]
    assert diff.missing == (Missing("x86_64", "plain", A, "not comparable, the probe changed between the two runs"),)


def test_two_flavours_are_compared_only_when_asked_to(differ: Differ) -> None:
    generic = kernel("6.1.192-1", flavour="generic")
    names = (OLD, generic.name)
    sides = (old(record(A, mmap="ok")), (info(generic), [record(A, mmap="EINVAL")]))
    assert differ(*sides, names=names).missing[0].why == "not comparable, flavour: cloud against generic"
    across = differ(*sides, names=names, only=Only(across=("flavour",)))
    assert [one.word for one in across.changes] == ["mmap"]


def test_only_the_places_asked_for_are_compared(differ: Differ) -> None:
    arm = [(info(kernel(version, "arm64")), [record(A, mmap="ok")]) for version in ("6.1.192-1", "6.12.117-1")]
    diff = differ(old(record(A, mmap="ok")), new(record(A, mmap="EINVAL")), *arm, only=Only(arches=("arm64",)))
    assert (diff.changes, diff.cells) == ((), (("arm64", "plain"),))


def test_kernels_without_any_common_cell_are_not_comparable(differ: Differ) -> None:
    assert differ(only=Only(arches=("s390x",))).exit_status == 2


KNOWN = Known("k", "mremap moves", "mremap(2)", since=("6.12",), probes=("mremap.*",), words=("m*",))


def test_a_known_change_between_the_two_versions_explains_what_it_names(differ: Differ) -> None:
    diff = differ(
        old(record(A, mmap="ok"), record(C, mremap="EINVAL", left="old")),
        new(record(A, mmap="EINVAL"), record(C, mremap="ok", left="zero")),
        known=catalogue(KNOWN),
    )
    assert [(one.word, one.label, one.because) for one in diff.changes] == [
        ("mmap", "unexplained", None),
        ("left", "unexplained", None),
        ("mremap", "explained", "mremap moves, since 6.12 (mremap(2))"),
    ]


@pytest.mark.parametrize(
    ("known", "label"),
    [
        (replace(KNOWN, since=("5.7",)), "unexplained"),
        (replace(KNOWN, since=("6.13",)), "unexplained"),
        (replace(KNOWN, arch=("arm64",)), "unexplained"),
        (replace(KNOWN, since=("7.2", "6.12.117")), "explained"),
        (replace(KNOWN, since=("7.2", "6.12.118")), "unexplained"),
        (replace(KNOWN, since=(), config="CONFIG_FS_DAX"), "config"),
        (replace(KNOWN, since=(), config="CONFIG_MMU"), "unexplained"),
        (replace(KNOWN, values=("EINVAL → *",)), "explained"),
        (replace(KNOWN, values=("ok → EINVAL", "EINVAL → EPERM")), "unexplained"),
        (replace(KNOWN, since=(), config="CONFIG_FS_DAX", values=("ok → EINVAL",)), "config"),
    ],
)
def test_a_known_change_explains_only_what_lies_between(differ: Differ, known: Known, label: str) -> None:
    diff = differ(old(record(C, mremap="EINVAL")), new(record(C, mremap="ok")), known=catalogue(known))
    assert [one.label for one in diff.changes] == [label]


def test_what_a_known_change_says_of_values_is_read_in_the_order_of_time(differ: Differ) -> None:
    known = catalogue(replace(KNOWN, values=("EINVAL → ok",)), replace(KNOWN, id="not said", values=("(nothing) → 1",)))
    sides = (old(record(C, mremap="EINVAL")), new(record(C, mremap="ok", moved=1)))
    assert [one.label for one in differ(*sides, known=known).changes] == ["explained", "explained"]
    assert [one.label for one in differ(*sides, names=(NEW, OLD), known=known).changes] == ["explained", "explained"]


def test_an_option_that_the_probe_names_makes_it_a_change_of_configuration(differ: Differ) -> None:
    known = catalogue(probes=[probe(A, "CONFIG_FS_DAX"), probe(B, "CONFIG_MMU")])
    diff = differ(
        old(record(A, mmap="EINVAL"), record(B, mmap="EINVAL")),
        new(record(A, mmap="ok"), record(B, mmap="ok")),
        known=known,
    )
    assert [(one.probe, one.label, one.because) for one in diff.changes] == [
        (B, "unexplained", None),
        (A, "config", "CONFIG_FS_DAX n → y"),
    ]


def test_an_option_that_an_unmet_record_names_makes_it_a_change_of_configuration(differ: Differ) -> None:
    diff = differ(old(record(A, Ending.UNMET, "dax: CONFIG_FS_DAX is not set")), new(record(A, mmap="ok")))
    assert [(one.word, one.label) for one in diff.changes] == [("end", "config")]


def test_the_json_has_the_published_shape(differ: Differ) -> None:
    diff = differ(old(record(A, mmap="EINVAL"), record(B)), new(record(A, mmap="ok")))
    assert diff.as_json() == {
        "old": OLD,
        "new": NEW,
        "changes": [
            {
                "arch": "x86_64",
                "variant": "plain",
                "behaviour": "mmap.create_vma",
                "probe": A,
                "word": "mmap",
                "old": "EINVAL",
                "new": "ok",
                "old_end": "answered",
                "new_end": "answered",
                "label": "unexplained",
                "because": None,
            }
        ],
        "missing": [{"arch": "x86_64", "variant": "plain", "probe": B, "why": "new absent: no record"}],
    }
