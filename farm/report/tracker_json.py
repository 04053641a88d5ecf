"""The DAX tracker as JSON, for programs; `tracker.schema.json` beside it says what every field means."""

from __future__ import annotations

import json
from collections.abc import Iterator

from farm.report.links import behaviour_path
from farm.report.tracker import PROBE, Board, Line, Tracker
from farm.report.tracker_states import WORD, Spot

SCHEMA = 1


def tracker_json(found: Tracker) -> str:
    """Return the whole tracker as one JSON object, in the order of the page."""
    rows = [row for board in found.boards for line in board.lines for row in _rows(found, board, line)]
    options = [row for board in found.boards for row in _options(board)]
    whole = {
        "schema": SCHEMA,
        "described_by": "tracker.schema.json",
        "probe": PROBE,
        "word": WORD,
        "devices": {device.name: device.says for device in found.devices},
        "answers": rows,
        "options": options,
        "traces": {one.id: list(one.trace) for one in found.evidence},
    }
    return json.dumps(whole, indent=1, ensure_ascii=True) + "\n"


def _rows(found: Tracker, board: Board, line: Line) -> Iterator[dict[str, object]]:
    """Yield one object for each kernel, or one for an architecture that cannot have the device."""
    about: dict[str, object] = {"arch": board.arch, "device": line.variant.name, "file_system": line.file_system}
    if line.cannot:
        yield about | {"state": "impossible", "why": line.cannot}
    for spot in line.spots:
        yield about | _told(found, board, line, spot)


def _told(found: Tracker, board: Board, line: Line, spot: Spot) -> dict[str, object]:
    """Return what one kernel says; fields that say nothing are left out."""
    told: dict[str, object] = {
        "kernel": spot.kernel,
        "version": found.site.kernels[spot.kernel].version,
        "flavour": board.flavour,
        "page_size": spot.page_size,
        "state": spot.state.replace(" ", "_"),
        "errno": spot.errno,
        "why": spot.why,
        "turn": spot.turn,
        "probe": line.probe,
        "page": behaviour_path(line.probe.rpartition(".")[0]) if line.probe else "",
        "trace": spot.evidence,
    }
    return {name: value for name, value in told.items() if value not in {None, ""}}


def _options(board: Board) -> Iterator[dict[str, object]]:
    """Yield one object for each kernel option and kernel whose configuration is known."""
    for line in board.options:
        for kernel, (value, turn) in zip(board.kernels, line.values, strict=True):
            if value != "?":
                row: dict[str, object] = {"arch": board.arch, "kernel": kernel, "option": line.option, "value": value}
                yield row | ({"turn": turn} if turn else {})
