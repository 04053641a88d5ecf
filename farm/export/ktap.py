"""KTAP version 1, flat: a probe is a test, its id the test's name, the words that it saw stand behind the `#`.

A claim that the kernel contradicts, a probe that died or hung is "not ok"; what is unmet is skipped. What is
missing is "not ok" with the directive ERROR, because it says nothing about the kernel and must not pass. Where a
reason stands behind the `#`, the words stand in a line before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from farm.export.documents import Document, Options
from farm.export.rows import Row, Status
from farm.export.sheets import Sheet

PLAIN = re.compile(r"(?!-?\d+$)[A-Za-z0-9_./+:!-]+")
# What a parser could take for a directive, where it is the first word behind the "#".
DIRECTIVE = re.compile(r"(?:skip|todo|xfail|timeout|error)", re.IGNORECASE)


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:
    """Yield a document for each cell."""
    for sheet in sheets:
        yield Document(f"{sheet.path}.ktap", _pieces(sheet, options))


def _pieces(sheet: Sheet, options: Options) -> Iterator[str]:
    yield f"KTAP version 1\n1..{len(sheet.probes)}\n"
    yield f"# cell {sheet.path}\n# page {options.kernel_page(sheet.name)}\n"
    yield from (f"# {name} {line(value)}\n" for name, value in sheet.about.items())
    for number, row in enumerate(sheet.rows(), 1):
        yield test(number, row)


def test(number: int, row: Row) -> str:
    """Return the lines of one test: what a reader should know, then the result."""
    words = " ".join(f"{word}={_value(value)}" for word, value in row.saw.items())
    reason = _reason(row)
    notes = [f"contradicted: {line(claim)}" for claim in row.claims]
    notes += [f"differs from run to run: {' '.join(row.unstable)}"] * bool(row.unstable)
    notes += [line(row.why)] * bool(row.why and not reason) + [f"saw {words}"] * bool(words and reason)
    before = "".join(f"# {row.probe}: {note}\n" for note in notes)
    result = "ok" if row.status.passes or row.status is Status.UNMET else "not ok"
    behind = reason or (f"saw {words}" if DIRECTIVE.match(words) else words)
    return f"{before}{result} {number} {row.probe}{f' # {behind}' if behind else ''}\n"


def _reason(row: Row) -> str:
    """Return the directive and the reason that stand behind the name where no words are to be judged."""
    kinds = {
        Status.UNMET: "SKIP",
        Status.MISSING: "ERROR MISSING",
        Status.GONE: "ERROR MISSING",
        Status.DIED: "died:",
        Status.HUNG: "TIMEOUT hung:",
    }
    kind = kinds.get(row.status)
    return f"{kind} {line(row.reason)}" if kind else ""


def line(text: str) -> str:
    r"""Return text without a `#`, which would begin the next field: it becomes `\x23`."""
    return text.replace("#", r"\x23")


def _value(value: str | int) -> str:
    """Return a number or a simple text as it is, any other text in quotes."""
    if isinstance(value, int) or PLAIN.fullmatch(value):
        return str(value)
    return '"{}"'.format(line(value).replace('"', r"\x22"))
