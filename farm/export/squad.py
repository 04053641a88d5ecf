"""SQUAD: for each cell the two files that its submit API takes, in a folder <build>/<environment>.

SQUAD knows pass and fail, and shows anything else as skipped. So each cell also has a test `cell/complete`, which
fails where something is missing: a guest that never came up does not look like one where nothing applies.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

from farm.export.documents import LICENCE, Document, Options
from farm.export.rows import Row, Status, escaped
from farm.export.sheets import Sheet

RESULTS = {
    Status.HOLDS: "pass",
    Status.OBSERVED: "pass",
    Status.CONTRADICTED: "fail",
    Status.DIED: "fail",
    Status.HUNG: "fail",
    Status.UNMET: "skip",
    Status.MISSING: "missing",
    Status.GONE: "missing",
}


def documents(sheets: Sequence[Sheet], options: Options) -> Iterator[Document]:
    """Yield the tests and the metadata of each cell."""
    for sheet in sheets:
        folder = f"{identifier(sheet.name)}/{identifier(f'{sheet.arch}-{sheet.variant}')}"
        yield Document(f"{folder}/tests.json", _tests(sheet))
        yield Document(f"{folder}/metadata.json", _metadata(sheet, options))


def identifier(name: str) -> str:
    """Return a name as SQUAD allows it for a build or an environment."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _tests(sheet: Sheet) -> Iterator[str]:
    """Yield the results; a suite is a system call, the rest of the probe's id is the test's name."""
    found: dict[str, dict[str, str]] = {"cell/complete": _complete(sheet)}
    for row in sheet.rows():
        suite, _, name = row.probe.partition(".")
        found[f"{suite}/{name}"] = {"result": RESULTS[row.status], "log": _log(row)}
    yield json.dumps(found, indent=1) + "\n"


def _complete(sheet: Sheet) -> dict[str, str]:
    if sheet.complete:
        return {"result": "pass", "log": ""}
    return {
        "result": "fail",
        "log": f"{sheet.gaps} of {len(sheet.probes)} missing; {escaped(sheet.problem)}".strip("; "),
    }


def _log(row: Row) -> str:
    said = [*row.claims, f"{row.status}: {row.reason}" if row.reason else ""]
    said += [" ".join(f"{word}={value}" for word, value in row.saw.items())]
    return "\n".join(filter(None, said))


def _metadata(sheet: Sheet, options: Options) -> Iterator[str]:
    """Yield what SQUAD keeps of the run; the job's id changes with what was answered, so that nothing counts twice."""
    digest = hashlib.sha256("".join(_tests(sheet)).encode()).hexdigest()[:16]
    found = {"job_id": f"{identifier(sheet.path)}.{digest}", "kernel": sheet.name, "licence": LICENCE}
    found |= {"arch": sheet.arch, "variant": sheet.variant, **sheet.about}
    found |= {"job_status": "Complete" if sheet.complete else "Incomplete"}
    found |= {"job_url": options.kernel_page(sheet.name)} if options.base else {}
    yield json.dumps(found, indent=1) + "\n"
