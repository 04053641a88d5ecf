"""kernels: which builds are locked and which the archive offered when it was last asked; --update asks it again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from farm import doctor, files, lock, matrix, plan, results
from farm.arches import ARCHES
from farm.lock import Lock, Wish
from farm.matrix import Matrix
from farm.program import say
from farm.progress import Board, clean, megabytes, shown
from farm.settings import cache_dir
from farm.sources.apt import Archive, archive
from farm.types import Kernel, upstream

# The guest root; dropbear needs libgmp10, which its Depends does not name.
ROOT_PACKAGES = (
    "busybox-static", "dropbear-bin", "libc6", "libcrypt1", "libgmp10", "libtomcrypt1", "libtommath1", "zlib1g",
)  # fmt: skip
# A folder name: the package's version with its revision, then the flavour (which may begin with a digit: 16k, 686-pae).
FLAVOURED = re.compile(r"\d[\w.~+]*-\d[\w.~+]*-(?P<flavour>\w[\w-]*)")


def show_kernels(*, arch: str = "", update: bool = False) -> int:
    """Print the kernels that there are for `arch`; with `update`, ask the archive first and move the lock."""
    only = plan.known_arches(arch, "--arch")
    asked = matrix.read()
    if update:
        renew(asked)
    locked = lock.load()
    lines = [*in_lock(locked, results.scan(asked.results).kernels(), only), *offered(locked, only)]
    print("\n".join(lines))
    return 0


def in_lock(locked: Lock, answered: Iterable[str], only: Sequence[str]) -> list[str]:
    """Return the locked kernels as lines: name, architecture, size of its packages, what to know."""
    known = frozenset(answered)
    rows = [kernel for kernel in locked.kernels if not only or kernel.arch in only]
    lines = [f"{len(rows)} locked kernels, which `kernels:` in matrix.yaml and --kernels can name:"]
    for one in rows:
        size = megabytes(sum(package.size for package in one.packages))
        notes = [*(["has results"] if one.name in known else []), *one.notes]
        lines.append(f"  {one.name:<36} {one.arch:<8} {size:>7}  {'; '.join(notes)}".rstrip())
    return lines


def offers_file() -> Path:
    """Return where the builds are kept that the archive offered when it was last asked."""
    return cache_dir() / "offers.json"


def offered(locked: Lock, only: Sequence[str]) -> list[str]:
    """Return what the archive offers beside the locked builds, as lines."""
    try:
        seen = json.loads(offers_file().read_text())
        rows = [(str(name), str(arch)) for name, arch in seen["builds"]]
        date = str(seen["date"])
    except (OSError, ValueError, KeyError, TypeError):
        return ["The archive has not been asked from here yet: ./inv kernels --update asks it, and moves the lock."]
    have = {(kernel.name, kernel.arch) for kernel in locked.kernels}
    rest = [row for row in rows if row not in have and (not only or row[1] in only)]
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, arch in rest:
        version, _, flavour = clean(name).removeprefix("debian-").rpartition("-")
        grouped.setdefault((version, flavour), []).append(clean(arch))
    lines = [
        f"{len(rest)} more builds were offered on {clean(date)} (name one in matrix.yaml, then --update locks it):"
    ]
    return lines + [f"  {version:<24} {flavour:<10} {' '.join(on)}" for (version, flavour), on in grouped.items()]


def renew(asked: Matrix) -> None:
    """Ask the archive for the newest builds of all that is wanted or locked, and write the lock and the offers."""
    lacking = doctor.missing(doctor.KERNELS)
    if lacking:
        raise doctor.refusal(lacking)
    old = lock.load()
    source = archive(asked.mirror or None, extra=ROOT_PACKAGES)
    with shown(Board()):
        new, missing = lock.update(source, asked.suites, wishes(asked, old), roots(asked, old), old)
        keep_offers(source, asked, sorted({kernel.arch for kernel in new.kernels}))
    kept = [kernel for kernel in old.kernels if place(kernel) not in {place(other) for other in new.kernels}]
    lock.save(Lock((*new.kernels, *kept), {**old.root, **new.root}))
    for what in missing:
        say(f"not to be had: {what}")
    for kernel in kept:
        say(f"kept as it was: {kernel.name} ({kernel.arch})")
    for kernel in new.kernels:
        if kernel not in old.kernels:
            say(f"locked: {kernel.name} ({kernel.arch})")


def place(kernel: Kernel) -> tuple[str, str, str]:
    """Return what a newer build replaces: series, architecture, flavour."""
    return kernel.series, kernel.arch, kernel.flavour


def wishes(asked: Matrix, old: Lock) -> list[Wish]:
    """Return what to lock: what matrix.yaml names, a series or one exact version, and the series locked already."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for kernel in old.kernels:
        wanted.setdefault((kernel.series, kernel.flavour), set()).add(kernel.arch)
    for name in asked.kernels:
        bare, _, named = name.removeprefix("debian-").partition("@")
        whole = FLAVOURED.fullmatch(bare)
        named = named or (whole["flavour"] if whole else "")
        for arch in asked.arches:
            for flavour in (named,) if named else asked.flavours or (ARCHES[arch].flavour,):
                version = ".".join(str(part) for part in upstream(bare))
                wanted.setdefault((version, flavour), set()).add(arch)
    order = sorted(wanted, key=lambda key: (upstream(key[0]), key[1]))
    return [Wish((series,), tuple(sorted(wanted[series, flavour])), (flavour,)) for series, flavour in order]


def roots(asked: Matrix, old: Lock) -> list[lock.Root]:
    """Return the guest roots to lock: of the architectures that matrix.yaml names or the lock has."""
    debian = set(old.root)
    found = []
    for arch in ARCHES.values():
        if arch.name in asked.arches or arch.debian in debian:
            names = (arch.root_suite, f"{arch.root_suite}-security")
            suites = tuple(suite for suite in asked.suites if suite.suite in names)
            found.append(lock.Root(arch.debian, ROOT_PACKAGES, suites))
    return found


def keep_offers(source: Archive, asked: Matrix, arches: Sequence[str]) -> None:
    """Remember which builds the suites offer, so that `./inv kernels` can say so without the network."""
    rows = [
        (f"debian-{build.version}-{build.flavour}", arch)
        for arch in arches
        for build in source.builds(arch, asked.suites)
    ]
    seen = {"date": time.strftime("%Y-%m-%d"), "builds": rows}
    files.replace(offers_file(), json.dumps(seen, indent=1).encode())
