"""A report for KCIDB 5.3: a checkout is a package version, a build one of its kernels, a test a probe in a cell.

The farm observes: a probe that answered, died or hung is DONE, and what it saw, with the verdict, is in `misc`.
SKIP is what is unmet, MISS what a guest that did not come up or went away could not be asked, ERROR our own trouble.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from farm.errors import PlanError
from farm.export.documents import LICENCE, Document, Options, json_pieces
from farm.export.rows import Row, Status, escaped
from farm.export.sheets import Sheet

VERSION = {"major": 5, "minor": 3}
ORIGIN = re.compile(r"[a-z0-9_]+")
SUITE = "memory_farm"
EXCERPT = 16384  # characters of a log that KCIDB takes

Item = dict[str, object]


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:
    """Yield one document of all cells."""
    if not ORIGIN.fullmatch(options.origin):
        raise PlanError(
            f"--origin: {options.origin!r:.80} is no name of an origin", hint="lower case, digits and underscores"
        )
    lists: dict[str, Iterable[object]] = {
        "checkouts": _once(_checkout(sheet, options) for sheet in sheets),
        "builds": _once(_build(sheet, options) for sheet in sheets),
        "tests": (test for sheet in sheets for test in _tests(sheet, options)),
    }
    yield Document("kcidb.json", json_pieces({"version": VERSION}, lists))


def _once(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the first item of each id."""
    known = set()
    for item in items:
        if item["id"] not in known:
            known.add(item["id"])
            yield item


def _checkout_id(sheet: Sheet, options: Options) -> str:
    return f"{options.origin}:{sheet.kernel.source}-{sheet.kernel.version}"


def _checkout(sheet: Sheet, options: Options) -> Item:
    """Return the source that a kernel was built from: a package, not a commit."""
    kernel = sheet.kernel
    return {
        "id": _checkout_id(sheet, options),
        "origin": options.origin,
        "tree_name": kernel.source,
        "comment": f"{kernel.source} kernel package, version {kernel.version}",
        "valid": True,
        "misc": {"source": kernel.source, "version": kernel.version, "licence": LICENCE},
    }


def _build_id(sheet: Sheet, options: Options) -> str:
    return f"{options.origin}:{sheet.name}/{sheet.arch}"


def _build(sheet: Sheet, options: Options) -> Item:
    """Return one kernel of one architecture."""
    misc: Item = {"kernel": sheet.name, "page": options.kernel_page(sheet.name)}
    if info := sheet.info:
        packages = {escaped(one.name): escaped(one.sha256) for one in info.kernel.packages}
        misc |= {"release": escaped(info.kernel.release), "digest": escaped(info.digest)}
        misc |= {"packages": packages, "config_sha256": escaped(info.config_sha256)}
    return {
        "id": _build_id(sheet, options),
        "checkout_id": _checkout_id(sheet, options),
        "origin": options.origin,
        "architecture": re.sub(r"[^a-z0-9_]", "_", sheet.arch),
        "config_name": sheet.kernel.flavour,
        "misc": misc,
    }


def _tests(sheet: Sheet, options: Options) -> Iterator[Item]:
    """Yield a test for each probe."""
    environment = _environment(sheet)
    for row in sheet.rows():
        test: Item = {
            "id": f"{options.origin}:{sheet.path}/{row.probe}",
            "build_id": _build_id(sheet, options),
            "origin": options.origin,
            "path": f"{SUITE}.{row.probe}",
            "status": status(row),
            "environment": environment,
            "misc": _misc(row, options),
        }
        if row.reason:
            test["log_excerpt"] = row.reason[:EXCERPT]
        yield test


def status(row: Row) -> str:
    """Return KCIDB's word for a row."""
    if row.status is Status.MISSING:
        return "ERROR" if row.ours else "MISS"
    return {Status.UNMET: "SKIP", Status.GONE: "ERROR"}.get(row.status, "DONE")


def _environment(sheet: Sheet) -> Item:
    misc: Item = {"variant": sheet.variant, **sheet.about}
    return {"comment": f"QEMU guest, variant {sheet.variant}", "misc": misc}


def _misc(row: Row, options: Options) -> Item:
    """Return what was seen; numbers stay numbers."""
    misc: Item = {"end": row.end.value, "verdict": row.status.value, "saw": dict(row.saw)}
    if row.claims:
        misc["contradicted"] = list(row.claims)
    if row.unstable:
        misc["unstable"] = list(row.unstable)
    return misc | {"page": options.probe_page(row.behaviour, row.probe)}
