"""The lock file: which exact kernel builds and guest-root packages the farm uses; sorted, to be read as a diff."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from debian.debian_support import Version

from farm import files
from farm.errors import FetchError, InfraError, PlanError
from farm.settings import ROOT
from farm.sources.apt import Archive, Build, Suite
from farm.types import Kernel, Package, upstream

SCHEMA = 1
SERIES = re.compile(r"\d+(\.\d+)*")
PATH = ROOT / "images" / "lock.json"


@dataclass(frozen=True, slots=True)
class Lock:
    """Locked kernels, and the packages of the guest root per Debian architecture."""

    kernels: tuple[Kernel, ...] = ()
    root: Mapping[str, tuple[Package, ...]] = field(default_factory=dict)

    def newest(self, series: str, arch: str, flavour: str) -> Kernel | None:
        """Return the newest locked build of a series ("6.12") for an architecture and flavour."""
        found = [k for k in self.kernels if (k.series, k.arch, k.flavour) == (series, arch, flavour)]
        return max(found, key=lambda kernel: Version(kernel.version), default=None)

    def find(self, name: str, arch: str, flavour: str | None = None) -> Kernel:
        """Return the newest build that `name` (folder name, version or the first components of one) means.

        A folder name carries its flavour; `flavour` narrows the others, None takes cloud where there is one.
        """
        here = [kernel for kernel in self.kernels if kernel.arch == arch]
        found = [kernel for kernel in here if kernel.name == name]
        found = found or [k for k in here if means(name, k) and flavour in {None, k.flavour}]
        if not found:
            raise unknown(name, arch, flavour, here)
        return max(found, key=lambda kernel: (kernel.flavour == "cloud", Version(kernel.version)))


def means(name: str, kernel: Kernel) -> bool:
    """Whether `name` names this kernel: its version, or its upstream version's first whole components."""
    version, _, flavour = name.removeprefix(f"{kernel.source}-").partition("@")
    if flavour not in {"", kernel.flavour}:
        return False
    if version in {kernel.version, kernel.release, f"{kernel.version}-{kernel.flavour}"}:
        return True
    asked = upstream(version)
    return SERIES.fullmatch(version) is not None and upstream(kernel.version)[: len(asked)] == asked


def unknown(name: str, arch: str, flavour: str | None, here: Sequence[Kernel]) -> PlanError:
    """Return the error of a name that nothing has, with the nearest ones."""
    usable = [kernel for kernel in here if flavour in {None, kernel.flavour}]
    nearest = near(name, sorted({kernel.series for kernel in usable}), sorted({kernel.name for kernel in usable}))
    of = f" of flavour {flavour}" if flavour else ""
    if nearest is None:
        return PlanError(f"no kernel{of} is locked for {arch}", hint="./inv kernels --update")
    return PlanError(f"no kernel {name!r}{of} is locked for {arch}", hint=f"did you mean {nearest}?")


def near(name: str, series: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the known series nearest in number where `name` is one, else the known name nearest in spelling."""

    def number(version: str) -> int:
        major, minor = (*upstream(version), 0)[:2]
        return major * 1000 + minor

    if SERIES.fullmatch(name) and series:
        return min(series, key=lambda one: abs(number(one) - number(name)))
    return next(iter(difflib.get_close_matches(name, [*series, *names], n=1, cutoff=0.0)), None)


def load(path: Path = PATH) -> Lock:
    """Read a lock file; one that is not there is empty."""
    if not path.exists():
        return Lock()
    try:
        raw = json.loads(path.read_text())
        if raw["schema"] != SCHEMA:
            raise InfraError(f"{path}: schema {raw['schema']} is not {SCHEMA}", hint="update the farm")
        kernels = tuple(_kernel(row) for row in raw["kernels"])
        root = {arch: tuple(Package(**row) for row in rows) for arch, rows in raw["root"].items()}
    except (ValueError, KeyError, TypeError) as error:
        raise InfraError(
            f"{path}: not a lock file: {error}", hint="git checkout it, or ./inv kernels --update"
        ) from error
    return Lock(kernels, root)


def _kernel(row: dict[str, object]) -> Kernel:
    """Read one kernel."""
    packages, notes = row["packages"], row["notes"]
    if not isinstance(packages, list) or not isinstance(notes, list):
        raise TypeError("packages and notes are lists")
    rest = {key: str(value) for key, value in row.items() if key not in {"packages", "notes"}}
    return Kernel(**rest, packages=tuple(Package(**one) for one in packages), notes=tuple(notes))


def save(lock: Lock, path: Path = PATH) -> None:
    """Write a lock file: sorted, one field a line."""
    order = sorted(lock.kernels, key=lambda k: (upstream(k.version), Version(k.version), k.arch, k.flavour))
    content = {
        "schema": SCHEMA,
        "kernels": [asdict(kernel) for kernel in order],
        "root": {arch: [asdict(p) for p in sorted(of, key=lambda p: p.name)] for arch, of in sorted(lock.root.items())},
    }
    files.replace(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


@dataclass(frozen=True, slots=True)
class Wish:
    """Series (oldest first) × arches × flavours to lock."""

    series: tuple[str, ...]
    arches: tuple[str, ...]
    flavours: tuple[str, ...] = ("cloud",)


@dataclass(frozen=True, slots=True)
class Root:
    """The guest root of one Debian architecture: packages, and the suites that they come from."""

    debian_arch: str
    packages: tuple[str, ...]
    suites: tuple[Suite, ...]


def update(
    archive: Archive, suites: Sequence[Suite], wishes: Iterable[Wish], roots: Iterable[Root], old: Lock | None = None
) -> tuple[Lock, list[str]]:
    """Ask the archive for the newest builds; return the new lock and what could not be had, in words.

    A suite that cannot be read is among the latter, and the others are still asked.
    """
    pinned = {p.path: p for k in (old or Lock()).kernels for p in k.packages if p.pinned}
    offers: dict[str, list[Build]] = {}
    found: dict[tuple[str, str], Kernel] = {}
    missing: list[str] = []
    for wish in wishes:
        for arch in wish.arches:
            if arch not in offers:
                offers[arch] = archive.builds(arch, suites, missing)
        for series in wish.series:
            for flavour in wish.flavours:
                per_arch = {arch: newest_first(offers[arch], series, flavour) for arch in wish.arches}
                kernels, why = choose(per_arch, lambda build: archive.resolve(build, pinned))
                missing += [f"{series} {flavour}: {one}" for one in why]
                found |= {(kernel.name, kernel.arch): kernel for kernel in kernels}
    root = {}
    for one in roots:
        usable = readable(archive, one, missing)
        root[one.debian_arch] = tuple(archive.package(name, one.debian_arch, usable) for name in one.packages)
    return Lock(tuple(found.values()), root), missing


def readable(archive: Archive, root: Root, missing: list[str]) -> tuple[Suite, ...]:
    """Return the suites of a guest root that can be read; the others are named in `missing`."""
    found = []
    for suite in root.suites:
        try:
            archive.index(suite, root.debian_arch)
        except FetchError as error:
            missing.append(f"{suite.suite} is left out for the guest root of {root.debian_arch}: {error}")
        else:
            found.append(suite)
    return tuple(found)


def newest_first(offered: Sequence[Build], series: str, flavour: str) -> list[Build]:
    """Return the builds of a series and flavour, the one to prefer first."""
    wanted = upstream(series)
    found = [b for b in offered if upstream(b.version)[: len(wanted)] == wanted and b.flavour == flavour]
    return sorted(found, key=lambda build: build.rank, reverse=True)


def choose(
    per_arch: Mapping[str, Sequence[Build]], resolve: Callable[[Build], Kernel]
) -> tuple[list[Kernel], list[str]]:
    """Return the newest build per architecture that can be had, and what could not be had, in words.

    Where the architectures' newest differ in the packaging only, a version that all have goes before them.
    """
    why: list[str] = []
    found = [kernel for arch, of in per_arch.items() if (kernel := first(of, arch, resolve, why))]
    if len({k.version for k in found}) > 1 and len({upstream(k.version) for k in found}) == 1:
        having = [of for of in per_arch.values() if of]
        for version in [b.version for b in having[0] if upstream(b.version) == upstream(found[0].version)]:
            same = [build for of in having for build in of if build.version == version]
            with suppress(FetchError):
                if len(same) == len(found):
                    return [resolve(build) for build in same], why
    return found, why


def first(builds: Sequence[Build], arch: str, resolve: Callable[[Build], Kernel], why: list[str]) -> Kernel | None:
    """Return the first build that can be had; say in `why` what is the matter with those before it."""
    if not builds:
        why.append(f"no suite offers it for {arch}")
    for build in builds:
        try:
            return resolve(build)
        except FetchError as error:
            why.append(f"{build.version} for {arch}: {error}")
    return None
