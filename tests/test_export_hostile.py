"""A guest may print anything into any field: no format breaks, none is misled, and nothing of it is lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from farm.export import FORMATS
from farm.export.rows import escaped
from farm.results import CellInfo
from farm.results.formats import LINE_LIMIT
from farm.types import Ending, Record
from tests.export_contract import expected, read
from tests.export_readers import unescaped
from tests.made_export import exported, made_sheets, only
from tests.made_up import SERIES, info, kernel

PROBES = ("mmap.behaviour_0.probe_0", "mmap.behaviour_0.probe_1", "sweep.madvise.kind_0", "mmap.behaviour_0.gone")
EVIL = (
    "# SKIP",
    "ok 1 another\nnot ok 2 third # TODO",
    "\r\nBail out!",
    'a="b" c=d',
    "]]></system-out><failure/>",
    "&#0;&lt;",
    "=HYPERLINK(1)",
    "-1+cmd|' /C calc'!A0",
    '"quoted",\r\n',
    "\\x41\\",
    "\x1b[31m\x00\x07\x85\u2028\u202e\udcff\ud800\ufffe\U0001f600",
    "",
    "12",
    " ",
)
HUGE = "x" * LINE_LIMIT
TEXTS = st.one_of(st.sampled_from(EVIL), st.text(st.characters(codec=None), max_size=30))
WORDS = st.one_of(
    st.sampled_from(["SKIP", "skip_me", "TODO", "todo", "XFAIL", "TIMEOUT", "error", "saw", "0"]),
    st.from_regex(re.compile("[A-Za-z0-9_]{1,80}", re.ASCII), fullmatch=True),
)
SAW = st.dictionaries(WORDS, st.one_of(TEXTS, st.integers(-(2**64), 2**64)), max_size=4)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    found = []
    for probe in draw(st.lists(st.sampled_from(PROBES), unique=True)):
        end, saw = draw(st.sampled_from(Ending)), draw(SAW)
        unstable = draw(st.lists(st.sampled_from(sorted(saw)), unique=True)) if saw else []
        found.append(Record(probe, end, saw, draw(TEXTS) or "why", tuple(sorted(unstable))))
    return found


def hostile(version: str, evil: str) -> CellInfo:
    """Return a cell with this text in every field that may have any."""
    cell = info(kernel(version), cpu=evil, accel=evil, qemu=evil, digest=evil, config_sha256=evil, oopses=(evil,))
    packages = (replace(cell.kernel.packages[0], name=evil, sha256=evil),)
    return replace(cell, kernel=replace(cell.kernel, release=evil, notes=(evil,), packages=packages))


@st.composite
def cells(draw: st.DrawFn) -> list[tuple[CellInfo, list[Record]]]:
    found: list[tuple[CellInfo, list[Record]]] = []
    for version in SERIES[: draw(st.integers(1, 3))]:
        evil = draw(TEXTS)
        cell = hostile(version, evil)
        if draw(st.booleans()):
            found.append((cell, draw(records())))
        else:
            stage = draw(st.sampled_from(["boot", "check", evil]))
            found.append((replace(cell, ending="unanswered", stage=stage, why=evil), []))
    return found


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(made=cells())
def test_whatever_a_guest_says_is_read_back_as_it_was_said(
    name: str, made: list[tuple[CellInfo, list[Record]]]
) -> None:
    of = made_sheets(made, only(*PROBES))
    assert expected(name, of) == read(name, of)


@pytest.mark.parametrize("evil", [*EVIL, HUGE], ids=[repr(evil)[:20] for evil in [*EVIL, HUGE]])
@pytest.mark.parametrize("name", FORMATS)
def test_no_text_of_a_guest_leaves_its_field(name: str, evil: str) -> None:
    made = [Record(probe, Ending.ANSWERED, {"mmap": evil, "TODO": evil}, "", ("mmap",)) for probe in PROBES[:2]]
    made += [Record(PROBES[2], Ending.UNMET, {}, evil or "why"), Record(PROBES[3], Ending.ANSWERED, {"a": evil})]
    of = made_sheets([(hostile(SERIES[0], evil), made)], only(*PROBES))
    assert expected(name, of) == read(name, of)
    for text in exported(name, of).values():
        assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff\ufffe]", text)
        text.encode("utf-8")


@given(TEXTS)
def test_escapes_lose_nothing(text: str) -> None:
    assert text == unescaped(escaped(text))
