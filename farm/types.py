"""Frozen values that cross stages; the words are those of the README's glossary."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum


class Ending(StrEnum):
    """How a record ended; the first four are answers and are compared, the others are missing."""

    ANSWERED = "answered"
    UNMET = "unmet"
    DIED = "died"
    HUNG = "hung"
    BROKEN = "broken"
    LOST = "lost"
    ABSENT = "absent"

    @property
    def is_answer(self) -> bool:
        """Whether this ending says something about the kernel (else it is missing, never "no change")."""
        return self not in _MISSING


_MISSING = (Ending.BROKEN, Ending.LOST, Ending.ABSENT)


@dataclass(frozen=True, slots=True)
class Package:
    """One file of an archive: `path` is relative to the archive's base, `size` in bytes.

    `area` names the base: "main" or "security". `pinned` marks a file that no signed index names any
    more, so that only the digest in our lock file vouches for it.
    """

    name: str
    version: str
    arch: str
    path: str
    sha256: str
    size: int
    area: str = "main"
    pinned: bool = False


def upstream(version: str) -> tuple[int, ...]:
    """Return the upstream part of a package version as numbers: "6.12.117-1~deb12u1" → (6, 12, 117)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


@dataclass(frozen=True, slots=True)
class Kernel:
    """One exact kernel build for one architecture."""

    source: str
    version: str
    flavour: str
    arch: str
    release: str
    packages: tuple[Package, ...]
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Folder name under results/: `<source>-<package version>-<flavour>`."""
        return f"{self.source}-{self.version}-{self.flavour}"

    @property
    def series(self) -> str:
        """First two version components, e.g. "6.12"."""
        return ".".join(str(part) for part in upstream(self.version)[:2])

    @property
    def digest(self) -> str:
        """Sha256 over the digests of the build's packages, in order of package name."""
        lines = sorted(f"{package.name} {package.sha256}" for package in self.packages)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Record:
    """What one probe saw in one cell. `saw` maps a word to its value; `why` is set unless answered."""

    probe: str
    end: Ending
    saw: dict[str, str | int] = field(default_factory=dict)
    why: str = ""
    unstable: tuple[str, ...] = ()
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between the records of two comparable cells; `label` as in the diff's JSON."""

    arch: str
    variant: str
    behaviour: str
    probe: str
    word: str
    old: str | int | None
    new: str | int | None
    old_end: Ending
    new_end: Ending
    label: str = "unexplained"
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A probe that one side could not be asked about; never "no change"."""

    arch: str
    variant: str
    probe: str
    why: str
