r"""CSV (RFC 4180): a row for each word of each probe in each cell, and one for a probe without words.

Texts carry no line end and no control character (farm/export/rows.py). One that a spreadsheet would compute has
its first character as an escape: `=1` is `\x3d1`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from farm.export.documents import Document, Options
from farm.export.rows import Row, Value
from farm.export.sheets import Sheet

COLUMNS = (
    *("kernel", "version", "flavour", "arch", "variant", "behaviour", "probe"),
    *("status", "end", "word", "type", "value", "unstable", "why"),
)
# A sign can begin a formula only where more follows than the letters of a pattern such as "-w-p".
FORMULA = re.compile(r"[=@]|[+-](?![\w +-]*$)")


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:  # noqa: ARG001 - no addresses in it
    """Yield one document of all cells."""
    yield Document("results.csv", _pieces(sheets))


def _pieces(sheets: Sequence[Sheet]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for sheet in sheets:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        where = (sheet.name, sheet.kernel.version, sheet.kernel.flavour, sheet.arch, sheet.variant)
        for row in sheet.rows():
            writer.writerows((*where, *_probe(row), *word) for word in _words(row))
        yield text.getvalue()


def _probe(row: Row) -> tuple[str, str, str, str]:
    return row.behaviour, row.probe, row.status.value, row.end.value


def _words(row: Row) -> Iterator[tuple[str, ...]]:
    """Yield what differs between the lines of one probe: word, type, value, whether it is unstable, and the reason."""
    why = harmless("; ".join((*row.claims, *filter(None, [row.why]))))
    for word, value in row.saw.items():
        yield word, *_value(value), "yes" if word in row.unstable else "", why
    if not row.saw:
        yield "", "", "", "", why


def _value(value: Value) -> tuple[str, str]:
    return ("number", str(value)) if isinstance(value, int) else ("text", harmless(value))


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return rf"\x{ord(text[0]):02x}{text[1:]}" if FORMULA.match(text) else text
