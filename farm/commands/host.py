"""doctor, lint, test: the commands about this host and this checkout."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from farm import doctor
from farm.arches import ARCHES
from farm.errors import FarmError, QemuError
from farm.lint import linters
from farm.program import FAILED, say
from farm.progress import megabytes
from farm.qemu import accel
from farm.run import attached, find, run
from farm.settings import ROOT, cache_dir
from farm.sources import mirrors
from farm.variants import VARIANTS

# Beside .venv: downloads, unpacked kernels, images, the compiler's cache, for the default matrix.
CACHE_BYTES = 2_000_000_000
# What `./inv test` runs without --all: not what takes long, nor what needs programs of others. What needs a browser
# is skipped where there is none.
USUAL = "not (long or programs)"


def examine() -> int:
    """Print what this host has and lacks; 3 where something is missing, with the command that installs it."""
    needs = [*doctor.KERNELS, *doctor.GUESTS]
    for arch in ARCHES.values():
        needs += doctor.of_arch(arch, VARIANTS.values())
    lacking = doctor.missing(needs)
    for need in dict.fromkeys(needs):
        state = "MISSING" if need in lacking else version(need)
        print(f"{need.what:<52} {state:<9} {need.why} (package {need.package})")
    for line in (*old(), *disk(), *kvm(), *mirror()):
        print(line)
    if lacking:
        say(doctor.command(lacking) if find("apt-get") else doctor.refusal(lacking).hint)
        return FAILED
    print("nothing is missing")
    return 0


def version(need: doctor.Need) -> str:
    """Return the version of a QEMU, "there" for anything else."""
    if not need.what.startswith("qemu-"):
        return "there"
    words = run([need.what, "--version"]).stdout.decode(errors="replace").split()
    return words[3] if len(words) > 3 else "there"


def old() -> list[str]:
    """Name the architectures that this host's QEMU is too old for, which stops none of the others."""
    lines = []
    for arch in ARCHES.values():
        try:
            accel.refuse_unfit(arch)
        except QemuError as error:
            lines += [f"too old: {error.message}; {error.hint}"] if accel.version(arch) else []
    return lines


def disk() -> list[str]:
    """Say where the farm keeps what can be made again, and whether it fits."""
    folder = cache_dir()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    verdict = "" if free > CACHE_BYTES else f" LITTLE: a full default run keeps about {megabytes(CACHE_BYTES)}"
    return [f"cache: {folder}, {megabytes(free)} free{verdict} (FARM_CACHE moves it)"]


def kvm() -> list[str]:
    """Say whether KVM may be used; whether guests boot under it, only a boot can say."""
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        return [f"KVM: may be opened; the first {platform.machine()} boot decides whether it is used"]
    return ["KVM: not there or not for this user; guests run under TCG, which is what the committed results used"]


def mirror() -> list[str]:
    """Say which mirror packages come from."""
    try:
        found = mirrors.bases(mirrors.words(os.environ.get("FARM_MIRROR")))
    except FarmError as error:
        return [f"mirror: NONE: {error}"]
    return [f"mirror: {area}: {', '.join(bases) or 'none'}" for area, bases in found.items()]


def run_linters() -> int:
    """Run every linter and say which had something to say; 3 where one did."""
    failed = []
    for name, argv in linters().items():
        print(f"── {name}", flush=True)
        if attached(argv, cwd=ROOT) != 0:
            failed.append(name)
    if failed:
        say(f"not clean: {', '.join(failed)}")
        return FAILED
    print("clean")
    return 0


def run_tests(*, everything: bool = False, yes: bool = False) -> int:
    """Run all tests, or with `everything` the long ones too; pytest's own exit status."""
    needs = [*doctor.KERNELS, *doctor.GUESTS]
    for arch in ARCHES.values():
        needs += doctor.of_arch(arch, VARIANTS.values())
    doctor.ensure(needs, yes=yes)
    marks = "" if everything else USUAL
    return attached([sys.executable, "-m", "pytest", "-m", marks, str(Path("tests"))], cwd=ROOT)
