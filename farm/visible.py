"""Makes text from a guest safe to look at: what a terminal or a browser would obey is written out."""

from __future__ import annotations

import re

# Controls (C0, DEL, C1), line and paragraph separators, invisible and direction-changing characters, tags,
# lone surrogates and non-characters: none of them has business in an errno or a trace.
_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    r"""Return `text` with such characters as escapes: ESC becomes \x1b, a line end \n, U+202E \u202e."""
    return _OBEYED.sub(_escape, text) if not text.isascii() or not text.isprintable() else text


def _escape(found: re.Match[str]) -> str:
    """Write one character as Python would."""
    return found.group().encode("unicode_escape").decode("ascii")
