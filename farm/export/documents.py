"""What a format is (`Format`), what it makes (`Document`), and how that gets to a file, a folder or the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import files
from farm.errors import InfraError, PlanError
from farm.export.sheets import Sheet
from farm.report import links

LICENCE = "CC-BY-4.0"


@dataclass(frozen=True, slots=True)
class Options:
    """What formats are told: `base` is the address of the published site (empty: addresses stay relative to it).

    `origin` names this farm to KCIDB: lower-case letters, digits and underscores.
    """

    base: str = ""
    origin: str = "memory_farm"

    def page(self, path: str) -> str:
        """Return the address of one of the site's pages."""
        return f"{self.base.rstrip('/')}/{path}" if self.base else path

    def kernel_page(self, kernel: str) -> str:
        """Return the address of a kernel's page."""
        return self.page(links.href(links.kernel_path(kernel)))

    def probe_page(self, behaviour: str, probe: str = "") -> str:
        """Return the address of a behaviour, or of one of its probes."""
        return self.page(links.behaviour_href(behaviour, probe))


@dataclass(frozen=True, slots=True)
class Document:
    """One text of an export: where it goes below a folder, and its pieces, made while it is written."""

    path: str
    pieces: Iterable[str]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: what it is, and the documents that it makes of the sheets."""

    says: str
    documents: Callable[[Sequence[Sheet], Options], Iterator[Document]]


def json_pieces(head: dict[str, object], lists: dict[str, Iterable[object]]) -> Iterator[str]:
    """Yield a JSON object of the members in `head` and of long lists, one item a line."""
    yield json.dumps(head, ensure_ascii=True, indent=1)[:-2]
    for name, items in lists.items():
        yield f",\n {json.dumps(name)}: ["
        between = "\n  "
        for item in items:
            yield between + json.dumps(item, ensure_ascii=True)
            between = ",\n  "
        yield "\n ]"
    yield "\n}\n"


def write(documents: Sequence[Document], out: str) -> list[Path]:
    """Write documents and return their files: one to the file `out` or, without `out`, to the terminal.

    A folder (one that is there, or a name that ends with a slash) gets all of them under their paths.
    """
    target = Path(out) if out else None
    if target is None and len(documents) == 1:
        sys.stdout.writelines(documents[0].pieces)
        return []
    if target is None:
        raise PlanError(
            f"this makes {len(documents)} files, such as {documents[0].path}", hint="name a folder with --out"
        )
    folder = len(documents) > 1 or out.endswith("/") or target.is_dir()
    found: dict[Path, None] = {}
    for document in documents:
        path = target / document.path if folder else target
        if path in found:
            raise InfraError(f"{path} would be written twice", hint="export the two kernels apart, with --kernels")
        found[path] = None
        _write(path, document.pieces)
    return list(found)


def _write(path: Path, pieces: Iterable[str]) -> None:
    """Write one file aside, then rename it; a reader sees the old one or the new one."""
    new = files.aside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with new.open("w", encoding="utf-8", newline="") as out:
                out.writelines(pieces)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise InfraError(f"{path} cannot be written: {error.strerror or error}", hint="choose another --out") from error
