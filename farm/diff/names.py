"""Finds the kernel that a user means: "6.1", "6.12.117-1", "6.12-rt" or a full folder name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from farm.errors import PlanError
from farm.results import Results, kernel_key, version_key
from farm.types import Kernel

FLAVOURS = ("cloud", "generic")  # who names none means the first of these that there is


@dataclass(frozen=True, slots=True)
class Choice:
    """The kernel that a name stands for; `note` says what was chosen among how many, empty if nothing was."""

    kernel: str
    note: str = ""


def resolve(stored: Results, name: str, arch: str | None = None) -> Choice:
    """Return the answered kernel that `name` means, the newest of several; PlanError names the nearest."""
    answered = {
        cell.info.kernel.name: cell.info.kernel
        for cell in stored.cells.values()
        if cell.info.answered and arch in {None, cell.info.arch}
    }
    if name in answered:
        return Choice(name)
    found = [kernel for kernel in answered.values() if means(name, kernel)]
    flavours = {kernel.flavour for kernel in found}
    preferred = next((flavour for flavour in FLAVOURS if flavour in flavours), min(flavours, default=""))
    found = sorted((kernel for kernel in found if kernel.flavour == preferred), key=kernel_key)
    if not found:
        raise PlanError(f"no answered kernel is named {name!r:.80}", hint=_hint(name, answered))
    newest = max(found, key=lambda kernel: version_key(kernel.version))
    among = f", the newest of {len(found)} answered ones" if len(found) > 1 else ""
    return Choice(newest.name, f"{name} is {newest.name}{among}")


def means(name: str, kernel: Kernel) -> bool:
    """Whether `name` can stand for `kernel`: whole components, so that 6.1 is never 6.12."""
    bare = name.removeprefix(f"{kernel.source}-")
    wanted = {bare, bare.removesuffix(f"-{kernel.flavour}")}
    return any(re.match(rf"(?=\d){re.escape(one)}(?!\w)", kernel.version) for one in wanted)


def _hint(name: str, answered: dict[str, Kernel]) -> str:
    """Name the nearest kernels, else all series."""
    if not answered:
        return "nothing is answered yet: run `./inv matrix`"
    versions = {kernel.version: full for full, kernel in answered.items()}
    near = get_close_matches(name, [*answered, *versions], n=1, cutoff=0.6)
    series = ", ".join(sorted({kernel.series for kernel in answered.values()}, key=version_key))
    return f"{f'did you mean {versions.get(near[0], near[0])}? ' if near else ''}answered are: {series}"
