"""A folder for static hosting: the site, and the data below data/; files that stay equal are not touched.

The manifest at its root names every file with its digest; a file that an earlier one names and this one does not
is removed, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from farm import export, report
from farm.catalogue import Catalogue
from farm.errors import PlanError
from farm.export.documents import Document
from farm.report import Site
from farm.report.render import Page
from farm.settings import ROOT

# The formats of farm/export/formats.py that are published where nobody says which.
DATA = ("bcd",)
# Files that go with the data as they are: path in the checkout → path below data/.
BESIDE = {"DATA-LICENSE": "LICENSE", "docs/schema/compat.schema.json": "compat.schema.json"}


@dataclass(frozen=True, slots=True)
class Options:
    """What is published: formats of data, and the address of the site where it is known."""

    formats: tuple[str, ...] = DATA
    base: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication made: its index, and how many files are there, were written and were removed."""

    index: Path
    files: int
    written: int
    removed: int


def publish(root: Path, catalogue: Catalogue, out: Path, options: Options) -> Published:
    """Write site and data of the results in `root` into `out`; PlanError where `out` holds something else."""
    if (out / "index.html").exists() and not (out / report.MANIFEST).exists():
        raise PlanError(f"{out} holds a site that was not published from here", hint="name another folder")
    before = stamps(out)
    index = report.site(root, catalogue, out, options.base, partial(data_pages, options))
    after = stamps(out)
    written = sum(before.get(path) != stamp for path, stamp in after.items())
    return Published(index, len(after), written, len(before.keys() - after.keys()))


def stamps(out: Path) -> dict[str, int]:
    """Return when each published file was written, by its path."""
    known = {path: out / path for path in (*report.manifest(out), report.MANIFEST)}
    return {path: file.stat().st_mtime_ns for path, file in known.items() if file.is_file()}


def data_pages(options: Options, site: Site) -> Iterator[Page]:
    """Yield the documents of each format, and what goes with them, as pages of the site."""
    sheets = export.sheets(site.stored, site.catalogue, export.Wanted())
    for name in options.formats:
        for document in export.FORMATS[name].documents(sheets, export.Options(options.base)):
            inputs = f"{site.inputs.everything} {options.base}"
            yield Page(f"data/{name}/{document.path}", partial(text_of, document), inputs)
    for path, below in BESIDE.items():
        text = (ROOT / path).read_text("utf-8")
        yield Page(f"data/{below}", partial(str, text), text)


def text_of(document: Document) -> str:
    """Return the whole text of a document."""
    return "".join(document.pieces)
