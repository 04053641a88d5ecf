"""Which accelerator a guest gets: decided by a real boot, because /dev/kvm may open and still run nothing."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Callable
from functools import cache

from farm import files
from farm.arches import Arch
from farm.errors import FarmError, PlanError, QemuError
from farm.run import find, run
from farm.settings import cache_dir
from farm.types import upstream

KINDS = ("tcg", "kvm")
# The names that the host's own kernel has for our architectures.
NATIVE = {"x86_64": ("x86_64", "i386"), "aarch64": ("arm64",), "ppc64le": ("ppc64el",), "s390x": ("s390x",)}
TRY_SECONDS = 20.0


@cache
def version(arch: Arch) -> str:
    """Return the upstream version of the QEMU that runs this architecture, e.g. "7.2.22"; "" where it is missing."""
    if find(arch.qemu) is None:
        return ""
    found = re.search(r"version (\d+(?:\.\d+)+)", run([arch.qemu, "--version"]).stdout.decode(errors="replace"))
    return found.group(1) if found else ""


def refuse_unfit(arch: Arch) -> None:
    """Raise QemuError where this host has no QEMU that runs guests of `arch`, before anything is downloaded."""
    here = version(arch)
    if not here:
        raise QemuError(f"no {arch.qemu}", hint="./inv doctor names the package")
    if upstream(here) < arch.needs_qemu:
        wanted = ".".join(str(part) for part in arch.needs_qemu)
        raise QemuError(f"{arch.name} needs QEMU {wanted}, here is {here}", hint=arch.because)


def asked_for() -> str | None:
    """Return the accelerator that the user set (FARM_ACCEL), None for auto."""
    chosen = os.environ.get("FARM_ACCEL", "auto")
    if chosen not in {"auto", *KINDS}:
        raise PlanError(f"FARM_ACCEL={chosen!r} is no accelerator", hint="auto, tcg or kvm")
    return None if chosen == "auto" else chosen


def possible(arch: Arch) -> bool:
    """Whether KVM is worth a try: a host of that architecture that lets this user open /dev/kvm."""
    return arch.name in NATIVE.get(platform.machine(), ()) and os.access("/dev/kvm", os.R_OK | os.W_OK)


def choose(arch: Arch, boots: Callable[[], object]) -> str:
    """Return "kvm" where `boots` gets a guest up under KVM, else "tcg"; remembered per host kernel and QEMU."""
    chosen = asked_for()
    if chosen:
        return chosen
    if not possible(arch):
        return "tcg"
    memory = cache_dir() / "accel.json"
    key = f"{arch.name} {platform.release()} {version(arch)}"
    with files.exclusive(memory.with_suffix(".lock")):
        known: dict[str, str] = json.loads(memory.read_text()) if memory.exists() else {}
        if key not in known:
            known[key] = _try(boots)
            files.replace(memory, json.dumps(known, sort_keys=True).encode())
    return known[key]


def _try(boots: Callable[[], object]) -> str:
    try:
        boots()
    except FarmError:
        return "tcg"
    return "kvm"
