"""Between which builds a behaviour changed: lines of builds, all change points, and what was not asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from farm import bisect, lock, results
from farm.bisect import History, Place, subject
from farm.catalogue import Behaviour, Catalogue, Probe
from farm.commands import bisecting
from farm.commands.bisecting import Asked, as_text, show_bisect
from farm.diff import Only
from farm.errors import PlanError
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import Cell
from farm.runner import FleetOptions
from farm.types import Ending, Record
from tests.made_up import info, kernel, record

CASE, OTHER = "mmap.create_vma.anon", "mmap.create_vma.file"
PROBES = {
    one: Probe(one, "mmap.create_vma", "mmap", "says", saw={"mmap": ("ok", "EINVAL"), "resident": ("all", "none")})
    for one in (CASE, OTHER)
}
CATALOGUE = Catalogue(
    {"mmap.create_vma": Behaviour("mmap.create_vma", "mmap", "says", probes=(CASE, OTHER))}, PROBES, (), {}
)
PLAIN = Place("x86_64", "plain", "cloud")
MANY = tuple(f"6.12.{patch}-1" for patch in range(1, 65))
Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Store one cell: its word's value, or whole records."""

    def stored(version: str, value: str = "ok", *records: Record, **changes: object) -> None:
        every = records or (record(CASE, mmap=value), record(OTHER, mmap="ok"))
        results.write(tmp_path, info(kernel(version), "plain", **changes), () if "ending" in changes else every)

    return stored


def look(root: Path, *locked: str, name: str = "mmap.create_vma") -> dict[str, History]:
    """Return the histories by the names of their lines."""
    stored = results.scan(root)
    kernels = [kernel(version) for version in locked]
    where = bisect.places(stored, Only())
    return {one.line: one for one in bisect.histories(stored, CATALOGUE, subject(CATALOGUE, name), where, kernels)}


def short(name: str) -> str:
    return name.removeprefix("debian-").removesuffix("-1-cloud")


def pairs(one: History) -> list[tuple[str, str]]:
    return [(short(step.old), short(step.new)) for step in one.steps]


def test_neighbours_are_those_of_one_series_and_the_first_builds_of_all(put: Put, tmp_path: Path) -> None:
    for version, value in (("6.1.1", "ok"), ("6.1.9", "EINVAL"), ("6.12.1", "ok"), ("6.12.30", "EINVAL")):
        put(f"{version}-1", value)
    found = look(tmp_path)
    assert {
        "mainline": [],
        "6.1.x": [("6.1.1", "6.1.9")],
        "6.12.x": [("6.12.1", "6.12.30")],
    } == {name: pairs(one) for name, one in found.items()}
    assert ["6.1.1", "6.12.1"] == [short(name) for name in found["mainline"].builds]
    assert bisect.CHANGED == bisect.exit_status(list(found.values()))


def test_a_history_that_goes_back_and_forth_has_all_its_change_points(put: Put, tmp_path: Path) -> None:
    for number, value in enumerate(("ok", "EINVAL", "EINVAL", "ok", "EINVAL"), 9):
        put(f"6.{number}.1-1", value)
    assert [("6.9.1", "6.10.1"), ("6.11.1", "6.12.1"), ("6.12.1", "6.13.1")] == pairs(look(tmp_path)["mainline"])


def test_what_never_changed_answers_0(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1")
    put("6.12.1-1")
    assert bisect.NO_CHANGE == bisect.exit_status(list(look(tmp_path).values()))


def test_nothing_to_compare_is_not_no_change(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1")
    assert ({}, bisect.INCOMPLETE) == (look(tmp_path), bisect.exit_status([]))


def test_an_unstable_word_is_no_change(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "", Record(CASE, Ending.ANSWERED, {"mmap": "ok"}), record(OTHER))
    put("6.1.2-1", "", Record(CASE, Ending.ANSWERED, {"mmap": "EINVAL"}, unstable=("mmap",)), record(OTHER))
    assert [] == pairs(look(tmp_path)["6.1.x"])


def test_a_word_alone_is_looked_at_where_it_was_asked_for_and_every_ending(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "", record(CASE, mmap="ok", resident="all"), record(OTHER, mmap="ok"))
    put("6.1.2-1", "", record(CASE, mmap="EINVAL", resident="all"), record(OTHER, mmap="EINVAL"))
    put("6.1.3-1", "", record(CASE, Ending.DIED, "SIGBUS"), record(OTHER, mmap="ok"))
    assert [("6.1.2", "6.1.3")] == pairs(look(tmp_path, name=f"{CASE}:resident")["6.1.x"])
    assert [("6.1.1", "6.1.2"), ("6.1.2", "6.1.3")] == pairs(look(tmp_path, name=f"{CASE}:mmap")["6.1.x"])


def test_a_broken_record_is_passed_over_named_and_makes_the_answer_incomplete(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "ok")
    put("6.1.2-1", "", record(CASE, Ending.BROKEN, "no disk"), record(OTHER, mmap="ok"))
    put("6.1.3-1", "EINVAL")
    found = look(tmp_path)["6.1.x"]
    (step,) = found.steps
    assert [("6.1.1", "6.1.3")] == pairs(found)
    assert ["6.1.2"] == [short(name) for name in step.between]
    assert [("6.1.2", CASE, "broken: no disk")] == [(short(name), one.probe, one.why) for name, one in found.missing]
    assert bisect.INCOMPLETE == bisect.exit_status([found])


def test_another_page_size_is_not_compared_and_never_no_change(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "ok", page_size=4096)
    put("6.1.2-1", "ok", page_size=65536)
    found = look(tmp_path)["6.1.x"]
    assert ["not comparable, page size: 4096 against 65536"] == [gap.why for _, gap in found.missing]
    assert bisect.INCOMPLETE == bisect.exit_status([found])


def test_a_family_that_changed_between_the_runs_asks_for_both_builds(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", families={"mmap": "1"})
    put("6.1.2-1", families={"mmap": "2"})
    assert ["6.1.1-1", "6.1.2-1"] == [one.version for one in look(tmp_path)["6.1.x"].wanted]


def test_flavours_are_lines_of_their_own(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "ok")
    generic = info(kernel("6.1.2-1", flavour="generic"))
    results.write(tmp_path, generic, [record(CASE, mmap="EINVAL"), record(OTHER, mmap="ok")])
    assert {} == look(tmp_path)


def bisected(root: Path, put: Put, values: dict[str, str], fails: frozenset[str] = frozenset()) -> list[str]:
    """Run what is wanted until nothing is; return the versions that were run, in order."""
    ran: list[str] = []
    while wanted := {one.version for line in look(root, *values).values() for one in line.wanted}:
        assert not wanted & {*ran}
        for version in sorted(wanted):
            ran.append(version)
            if version in fails:
                put(version, ending="unanswered", stage="boot", why="panic", page_size=None)
            else:
                put(version, values[version])
    return ran


def test_without_results_a_change_is_pinned_by_bisection_and_the_rest_is_named(put: Put, tmp_path: Path) -> None:
    values = {version: "ok" if number < 37 else "EINVAL" for number, version in enumerate(MANY)}
    put(MANY[0], "ok")
    ran = bisected(tmp_path, put, values)
    found = look(tmp_path, *MANY)["6.12.x"]
    assert [("6.12.37", "6.12.38")] == pairs(found)
    assert (MANY[-1], True) == (ran[0], len(ran) <= 7)
    assert len(MANY) - len(ran) - 1 == len(found.untested)
    assert bisect.CHANGED == bisect.exit_status([found])


def test_equal_ends_are_not_looked_between_and_that_is_said(put: Put, tmp_path: Path) -> None:
    put(MANY[0])
    put(MANY[-1])
    found = look(tmp_path, *MANY)["6.12.x"]
    assert ((), len(MANY) - 2, bisect.NO_CHANGE) == (found.wanted, len(found.untested), bisect.exit_status([found]))
    assert "Not tested" in as_text("mmap.create_vma", [found])


def test_a_build_that_does_not_boot_is_stepped_around_and_named(put: Put, tmp_path: Path) -> None:
    values = {version: "ok" if number < 33 else "EINVAL" for number, version in enumerate(MANY)}
    put(MANY[0], "ok")
    ran = bisected(tmp_path, put, values, frozenset({MANY[33], MANY[-1]}))
    found = look(tmp_path, *MANY)["6.12.x"]
    assert {MANY[33], MANY[-1], MANY[-2]} <= {*ran}
    assert [("6.12.33", "6.12.35")] == pairs(found)
    assert ["6.12.34", "6.12.64"] == [short(name) for name, _ in found.missing]
    assert bisect.INCOMPLETE == bisect.exit_status([found])


def test_a_series_that_nobody_asked_stands_on_the_mainline_with_one_build(put: Put, tmp_path: Path) -> None:
    put("6.1.1-1", "ok")
    put("6.18.1-1", "EINVAL")
    found = look(tmp_path, "6.12.1-1", "6.12.2-1")["mainline"]
    assert ["6.1.1", "6.12.1", "6.18.1"] == [short(name) for name in found.builds]
    assert ["6.12.1-1"] == [one.version for one in found.wanted]


NAMES = [
    ("mmap.create_vna", "unknown behaviour 'mmap.create_vna'", "did you mean mmap.create_vma?"),
    ("mmap.create_vma.annon", "unknown probe 'mmap.create_vma.annon'", f"did you mean {CASE}?"),
    (f"{CASE}:residence", "unknown word 'residence'", "did you mean resident?"),
]


@pytest.mark.parametrize(("name", "message", "hint"), NAMES)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, message: str, hint: str) -> None:
    with pytest.raises(PlanError, match=message) as caught:
        subject(CATALOGUE, name)
    assert hint == caught.value.hint


def test_a_place_that_is_named_and_has_no_answers_is_asked_all_the_same(tmp_path: Path) -> None:
    stored = results.scan(tmp_path)
    assert [] == bisect.places(stored, Only())
    assert [PLAIN] == bisect.places(stored, Only(arches=("x86_64",)))


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock three builds of one series."""
    kernels = tuple(kernel(version) for version in MANY[:3])
    monkeypatch.setattr(lock, "load", lambda: Lock(kernels, {}))


def asked(root: Path, **options: str) -> Asked:
    return Asked("mmap.create_vma.length_rounded_up", "x86_64", "plain", str(root), **options)


def zero(root: Path, version: str, value: str) -> None:
    results.write(root, info(kernel(version)), [record("mmap.create_vma.length_rounded_up", mmap=value)])


@pytest.mark.usefixtures("locked")
def test_the_command_runs_the_cell_that_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def run_cells(planned: list[Cell], _: object, options: FleetOptions, *__: object, **___: object) -> Summary:
        for cell in planned:
            ran.append(cell.kernel.version)
            zero(options.results, cell.kernel.version, "ENOMEM")
        return Summary(len(planned), ran)

    monkeypatch.setattr(bisecting, "run_cells", run_cells)
    zero(tmp_path, MANY[0], "EINVAL")
    zero(tmp_path, MANY[2], "ENOMEM")
    assert bisect.CHANGED == show_bisect(asked(tmp_path))
    assert [MANY[1]] == ran
    said = capsys.readouterr().out
    assert "6.12.x: debian-6.12.1-1-cloud → debian-6.12.2-1-cloud\n" in said
    assert "mmap: EINVAL → ENOMEM" in said


@pytest.mark.usefixtures("locked")
def test_a_cell_that_leaves_no_result_is_run_once_and_without_running_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[list[Cell]] = []

    def in_vain(planned: list[Cell], *_: object, **__: object) -> Summary:
        tries.append(planned)
        return Summary(1, unanswered=[(planned[0].name, "No space left on device")])

    monkeypatch.setattr(bisecting, "run_cells", in_vain)
    zero(tmp_path, MANY[0], "EINVAL")
    zero(tmp_path, MANY[2], "ENOMEM")
    assert (bisect.INCOMPLETE, 1) == (show_bisect(asked(tmp_path)), len(tries))
    capsys.readouterr()
    assert bisect.INCOMPLETE == show_bisect(asked(tmp_path, shape="json"), run=False)
    (line,) = json.loads(capsys.readouterr().out)["lines"]
    assert (["debian-6.12.2-1-cloud"], 1) == (line["untested"], len(tries))
    assert [["debian-6.12.2-1-cloud"]] == [step["between"] for step in line["changes"]]
