"""Ranges say what is known of each version, and no more."""

from __future__ import annotations

from hypothesis import given, strategies as st

from farm.export.ranges import OR_BEFORE, Point, Range, ranges

SERIES = st.lists(st.one_of(st.none(), st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["x", "y"]))))


def points(*values: str | None) -> list[Point[str] | None]:
    """Return a point for each value: "-" stands for no answer, None for an answer without the value."""
    return [None if value == "-" else Point(str(number), value) for number, value in enumerate(values)]


def told(*values: str | None) -> list[tuple[str, str, str, str]]:
    return [(one.value, one.added, one.last, one.removed) for one in ranges(points(*values))]


def test_the_first_kernel_does_not_say_since_when() -> None:
    assert [("a", "≤0", "1", "")] == told("a", "a")


def test_a_change_between_neighbours_is_exact() -> None:
    assert [("b", "1", "1", ""), ("a", "≤0", "0", "1")] == told("a", "b")


def test_an_answer_without_the_value_bounds_a_range() -> None:
    assert [("a", "1", "1", "2")] == told(None, "a", None)


def test_nobody_knows_what_a_kernel_without_an_answer_does() -> None:
    assert [("b", "≤2", "2", ""), ("a", "≤0", "0", "≤2")] == told("a", "-", "b")
    assert [("a", "≤2", "2", ""), ("a", "≤0", "0", "")] == told("a", "-", "a")
    assert [("a", "≤0", "0", "")] == told("a", "-")


def test_answers_of_two_versions_of_a_probe_are_not_compared() -> None:
    series = [Point("0", "a", "x"), Point("1", "a", "y"), Point("2", "b", "y"), Point("3", "b", "x")]
    assert [
        Range("b", "≤3", "3", "", slice(3, 4)),
        Range("b", "2", "2", "", slice(2, 3)),
        Range("a", "≤1", "1", "2", slice(1, 2)),
        Range("a", "≤0", "0", "≤3", slice(0, 1)),
    ] == ranges(series)


@given(SERIES)
def test_every_answer_lies_in_exactly_one_range(made: list[tuple[str | None, str] | None]) -> None:
    series = [None if one is None else Point(str(n), *one) for n, one in enumerate(made)]
    found: dict[int, str] = {}
    for one in ranges(series):
        for position in range(len(series))[one.span]:
            assert position not in found
            found[position] = one.value
        assert one.added.removeprefix(OR_BEFORE) == str(one.span.start)
        assert one.last == str(one.span.stop - 1)
    assert {n: one[0] for n, one in enumerate(made) if one and one[0] is not None} == found


@given(SERIES)
def test_a_version_without_a_sign_is_one_that_two_neighbours_prove(made: list[tuple[str | None, str] | None]) -> None:
    for one in ranges([None if two is None else Point(str(n), *two) for n, two in enumerate(made)]):
        for version in (one.added, one.removed):
            if version and not version.startswith(OR_BEFORE):
                before, after = made[int(version) - 1], made[int(version)]
                assert before is not None
                assert after is not None
                assert before[0] != after[0]
                assert before[1] == after[1]
