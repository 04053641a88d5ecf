"""What every format owes its readers: for each row of a sheet the outcome and the words, as the format has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from farm.export import Sheet, Status
from tests.export_readers import READERS, Seen, plain
from tests.made_export import exported

# What a consumer of each format is shown for each status.
SHOWN: Mapping[str, Mapping[Status, str]] = {
    "bcd": {status: status.value for status in Status},
    "csv": {status: status.value for status in Status},
    "junit": {
        **dict.fromkeys((Status.HOLDS, Status.OBSERVED), "passed"),
        **dict.fromkeys((Status.CONTRADICTED, Status.DIED, Status.HUNG), "failure"),
        **dict.fromkeys((Status.MISSING, Status.GONE), "error"),
        Status.UNMET: "skipped",
    },
    "kcidb": {**dict.fromkeys(Status, "DONE"), Status.UNMET: "SKIP", Status.MISSING: "MISS", Status.GONE: "ERROR"},
    "ktap": {
        **dict.fromkeys((Status.HOLDS, Status.OBSERVED), "ok"),
        **dict.fromkeys((Status.CONTRADICTED, Status.DIED), "not ok"),
        **dict.fromkeys((Status.MISSING, Status.GONE), "not ok ERROR"),
        Status.HUNG: "not ok TIMEOUT",
        Status.UNMET: "skip",
    },
    "squad": {
        **dict.fromkeys((Status.HOLDS, Status.OBSERVED), "pass"),
        **dict.fromkeys((Status.CONTRADICTED, Status.DIED, Status.HUNG), "fail"),
        **dict.fromkeys((Status.MISSING, Status.GONE), "missing"),
        Status.UNMET: "skip",
    },
}
# Statuses for which a format has a reason instead of words.
WORDLESS: Mapping[str, Collection[Status]] = {
    "bcd": (Status.UNMET, Status.MISSING),
    "ktap": (Status.UNMET, Status.MISSING, Status.GONE, Status.DIED, Status.HUNG),
    "squad": tuple(Status),
}
PASSING = {"holds", "observed", "passed", "PASS", "ok", "pass"}


def read(name: str, of: Sequence[Sheet]) -> dict[tuple[str, str], Seen]:
    found = READERS[name](exported(name, of))
    return {key: seen for key, seen in found.items() if key[1] != "cell.complete"}


def expected(name: str, of: Sequence[Sheet]) -> dict[tuple[str, str], Seen]:
    """What a reader of the format should find: words where the format has them, in numbers or texts."""
    found = {}
    for sheet in of:
        for row in sheet.rows():
            shown = SHOWN[name][row.status]
            shown = "ERROR" if name == "kcidb" and row.ours else shown
            words = plain(row.saw)
            if row.status in WORDLESS.get(name, ()):
                words = {}
            if name == "junit":
                words = {word: str(value) for word, value in words.items()}
            found[sheet.path, row.probe] = Seen(shown, words)
    return found
