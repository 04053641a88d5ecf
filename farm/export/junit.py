"""JUnit XML as Jenkins and others read it: a suite is a cell, a case a probe, its words stand in system-out.

A contradicted claim, a probe that died or hung is a failure, what is unmet is skipped, and what is missing is an
error: nobody knows what the kernel does there. No times: they would be those of an emulator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from farm.export.documents import Document, Options
from farm.export.rows import Row, Status
from farm.export.sheets import Sheet

ELEMENTS = {
    Status.CONTRADICTED: "failure",
    Status.DIED: "failure",
    Status.HUNG: "failure",
    Status.UNMET: "skipped",
    Status.MISSING: "error",
    Status.GONE: "error",
}


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:
    """Yield one document of all cells."""
    yield Document("junit.xml", _pieces(sheets, options))


def _pieces(sheets: Sequence[Sheet], options: Options) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="memory-semantics-farm">\n'
    for sheet in sheets:
        yield from _suite(sheet, options)
    yield "</testsuites>\n"


def _suite(sheet: Sheet, options: Options) -> Iterator[str]:
    """Yield one cell; its counts stand before its cases, so its rows are made first."""
    rows = list(sheet.rows())
    kinds = [ELEMENTS.get(row.status) for row in rows]
    counts = {"tests": len(rows), "failures": kinds.count("failure"), "errors": kinds.count("error")}
    counts["skipped"] = kinds.count("skipped")
    numbers = "".join(f' {name}="{count}"' for name, count in counts.items())
    yield f"<testsuite name={quoteattr(sheet.path)}{numbers}>\n<properties>\n"
    about = {"kernel": sheet.name, "arch": sheet.arch, "variant": sheet.variant} | sheet.about
    for name, value in {**about, "page": options.kernel_page(sheet.name)}.items():
        yield f"<property name={quoteattr(name)} value={quoteattr(value)}/>\n"
    yield "</properties>\n"
    for row in rows:
        yield _case(row, options)
    yield "</testsuite>\n"


def _case(row: Row, options: Options) -> str:
    """Return one probe."""
    inside = ""
    if element := ELEMENTS.get(row.status):
        message = "; ".join(row.claims) or row.reason
        kind = "" if element == "skipped" else f' type="{row.status}"'
        inside = f"<{element}{kind} message={quoteattr(message)}/>"
    out = [f"{word}={value}" for word, value in row.saw.items()]
    out += [f"differs from run to run: {' '.join(row.unstable)}"] * bool(row.unstable)
    out.append(options.probe_page(row.behaviour, row.probe))
    name = f"classname={quoteattr(row.behaviour)} name={quoteattr(row.probe.rpartition('.')[2])}"
    return f"<testcase {name}>{inside}<system-out>{escape(chr(10).join(out))}</system-out></testcase>\n"
