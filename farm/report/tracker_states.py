"""What a kernel says of MAP_SYNC at one place, and what came and went along the kernels. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from farm.types import Ending, Record

WORD = "mmap"
SIGNS = {"accepted": "✓", "refused": "✗", "unmet": "∅", "died": "†", "missing": "!", "unanswered": "×", "not run": "·"}
OPTION = re.compile(r"CONFIG_(\w+)")
TOLD = {"accepted", "refused", "unmet", "died"}


@dataclass(frozen=True, slots=True)
class Spot:
    """What one kernel says at one place; `turn` is "appears" or "vanishes" where it differs from the one before."""

    kernel: str
    state: str
    errno: str = ""
    why: str = ""
    page_size: int | None = None
    evidence: str = ""
    turn: str = ""

    @property
    def sign(self) -> str:
        """A character that stands for the state without any colour."""
        return SIGNS[self.state]

    @property
    def short(self) -> str:
        """What the table says beside the sign: the errno, or the option that is missing."""
        found = OPTION.search(self.why)
        return self.errno or (found[1] if found and self.state == "unmet" else "")


def outcome(record: Record) -> tuple[str, str]:
    """Return the state that a record tells, and the errno of a refusal."""
    if record.end is Ending.UNMET:
        return "unmet", ""
    value = str(record.saw.get(WORD, ""))
    if record.end is Ending.ANSWERED and value:
        return ("accepted", "") if value == "ok" else ("refused", value)
    return "died", ""


def turned(spots: list[Spot]) -> list[Spot]:
    """Mark each kernel in which acceptance came or went, against the last one before it that told."""
    found: list[Spot] = []
    before: bool | None = None
    for spot in spots:
        now = spot.state == "accepted"
        turn = ("appears" if now else "vanishes") if spot.state in TOLD and before is (not now) else ""
        found.append(Spot(spot.kernel, spot.state, spot.errno, spot.why, spot.page_size, spot.evidence, turn))
        before = now if spot.state in TOLD else before
    return found


def came_and_went(told: list[tuple[str, bool]], what: str) -> str:
    """Say along the kernels since when something is so: "set in 5.10, not in 6.1, again from 6.12 on"."""
    runs: list[tuple[bool, list[str]]] = []
    for label, so in told:
        if runs and runs[-1][0] == so:
            runs[-1][1].append(label)
        else:
            runs.append((so, [label]))
    if len(runs) == 1:
        return f"{what if runs[0][0] else f'not {what}'} in all {len(told)} kernels"
    parts = []
    for number, (so, labels) in enumerate(runs):
        word = (f"{what} again" if number > 1 else what) if so else f"not {what}"
        span = f"from {labels[0]} on" if number == len(runs) - 1 else f"{labels[0]} … {labels[-1]}"
        parts.append(f"{word} {span if len(labels) > 1 or span.startswith('from') else f'in {labels[0]}'}")
    return ", ".join(parts)
