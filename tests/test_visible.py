"""What a terminal or a browser would obey is written out."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from farm.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EINVAL", "EINVAL"),
        ("größer → 5.10", "größer → 5.10"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("abc\u202egnp.exe", r"abc\u202egnp.exe"),
        ("\udcff", r"\udcff"),
        ("a\u200bb\u2028c\ufeff", r"a\u200bb\u2028c\ufeff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_text_is_shown_and_never_obeyed(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_obeyed_is_left_whatever_the_guest_prints(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert shown.encode("utf-8").decode("utf-8") == shown
