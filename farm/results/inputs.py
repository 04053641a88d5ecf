"""What a cell's answer depends on, and which of it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from farm.results.formats import CellInfo, canonical


@dataclass(frozen=True, slots=True)
class Wanted:
    """The inputs of a cell as they are now; an answer with the same inputs counts on every machine.

    `families` maps each family that the cell runs to the digest of everything that it is made of.
    `selection` is "default" or "all"; an answer to all probes answers the default ones too.
    """

    kernel_digest: str
    guest_root: str
    variant_digest: str
    qemu: str
    families: Mapping[str, str] = field(default_factory=dict)
    selection: str = "default"


def input_key(wanted: Wanted) -> str:
    """Return one digest over all inputs."""
    values = asdict(wanted) | {"families": dict(wanted.families)}
    return hashlib.sha256(canonical(values).encode("ascii")).hexdigest()


def why_not_answered(info: CellInfo | None, wanted: Wanted) -> str | None:
    """Say which input of the stored answer differs from what is wanted; None when it counts."""
    if info is None:
        return "not run yet"
    if not info.answered:
        return f"unanswered, {info.stage}: {info.why}"
    if whole := _whole_cell(info, wanted):
        return f"{', '.join(whole)} changed"
    if families := changed_families(info, wanted):
        return f"probes changed: {', '.join(sorted(families))}"
    return None


def changed_families(info: CellInfo | None, wanted: Wanted) -> frozenset[str] | None:
    """Return the families to run again, empty when the answer counts; None when the whole cell must run.

    A family that is stored and no longer wanted is among them: its records have to go.
    """
    if info is None or not info.answered or _whole_cell(info, wanted):
        return None
    names = info.families.keys() | wanted.families.keys()
    return frozenset(name for name in names if info.families.get(name) != wanted.families.get(name))


def _whole_cell(info: CellInfo, wanted: Wanted) -> list[str]:
    """Return the changed inputs on which every record depends."""
    pairs = {
        "kernel digest": (info.digest, wanted.kernel_digest),
        "guest root": (info.guest_root, wanted.guest_root),
        "variant": (info.variant_digest, wanted.variant_digest),
        f"QEMU version ({info.qemu} → {wanted.qemu})": (info.qemu, wanted.qemu),
        "selection of probes": (info.selection, info.selection if info.selection == "all" else wanted.selection),
    }
    return [what for what, (stored, now) in pairs.items() if stored != now]
