"""This machine's own kernel: which build runs, which one apt would install, and the image and modules that are here."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from farm.errors import PlanError
from farm.files import sha256_of
from farm.run import find, run
from farm.sources import naming
from farm.types import Kernel, Package

PREFIX = "host:"
SOURCE = "host"
ROOT = Path("/")
NOTE = "this machine's own"
VERSION = re.compile(r"\bDebian (\d\S*)")
CANDIDATE = re.compile(r"^ *Candidate: (\d\S*)$", re.MULTILINE)


def release() -> str:
    """Return what `uname -r` says."""
    return os.uname().release


def upgrade(arch: str) -> tuple[str, str]:
    """Return the names of the running kernel's build and of the one that apt would install in its place."""
    running = release()
    parts = naming.split_release(running)
    installed = version(running)
    if parts is None or installed is None:
        raise PlanError(
            f"the running kernel {running} is no build of Debian's",
            hint=f"name two kernels, or {PREFIX} for the one that runs here",
        )
    flavour = naming.flavour_of(parts[1], naming.DEBIAN[arch])
    meta = f"linux-image-{parts[1]}"
    if find("apt-cache") is None:
        raise PlanError("this machine has no apt to ask for the next kernel", hint="name two kernels")
    found = CANDIDATE.search(run(["apt-cache", "policy", meta]).stdout.decode(errors="replace"))
    if found is None:
        raise PlanError(f"apt offers no {meta}", hint="apt-get update, or name two kernels")
    return f"debian-{installed}-{flavour}", f"debian-{found[1]}-{flavour}"


def version(of: str, root: Path | None = None) -> str | None:
    """Return the package version of the kernel that has this release; None where it is not Debian's."""
    if root is None and find("dpkg-query"):
        done = run(["dpkg-query", "-W", "-f=${Version}", f"linux-image-{of}"], check=False)
        if done.status == 0 and done.stdout:
            return done.stdout.decode(errors="replace")
    try:
        said = ((root or ROOT) / "proc/version").read_text(errors="replace")
    except OSError:
        return None
    found = VERSION.search(said) if of in said else None
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of a kernel lie on this machine."""

    image: Path
    config: Path
    modules: Path


def parts_of(of: str, root: Path | None = None) -> Parts:
    """Return the parts of the kernel of this release; PlanError names what is not there."""
    root = root or ROOT
    boot = root / "boot"
    images = [path for name in ("vmlinuz", "vmlinux") if (path := boot / f"{name}-{of}").exists()]
    found = Parts(images[0] if images else boot / f"vmlinuz-{of}", boot / f"config-{of}", root / "lib/modules" / of)
    missing = [path for path in (found.image, found.config, found.modules) if not path.exists()]
    if missing:
        raise PlanError(
            f"{PREFIX} {', '.join(map(str, missing))} {'is' if len(missing) == 1 else 'are'} not there",
            hint="the packages of the kernel install these; or name an archive's kernel",
        )
    return found


def kernel(arch: str, of: str = "", root: Path | None = None) -> Kernel:
    """Return the kernel whose image and modules lie on this machine."""
    of = of or release()
    names = naming.split_release(of)
    number = re.match(r"\d+(?:\.\d+)+", of)
    if number is None:
        raise PlanError(f"{of!r:.80} is no kernel's release")
    found = parts_of(of, root)
    flavour = naming.flavour_of(names[1], naming.DEBIAN[arch]) if names else "own"
    try:
        digests = {
            "image": (sha256_of(found.image), found.image.stat().st_size),
            "config": (sha256_of(found.config), found.config.stat().st_size),
            "modules": digest(found.modules),
        }
    except OSError as error:
        raise PlanError(
            f"{error.filename}: {error.strerror}", hint="the farm has to read it: run it as root"
        ) from error
    packages = tuple(Package(name, of, arch, name, *each) for name, each in digests.items())
    return Kernel(SOURCE, version(of, root) or number[0], flavour, arch, of, packages, (NOTE,))


def digest(folder: Path) -> tuple[str, int]:
    """Return one digest of all module files, and their size in bytes."""
    found, size = hashlib.sha256(), 0
    for path in sorted(folder.rglob("*.ko*")):
        if path.is_file():
            found.update(f"{path.relative_to(folder)} {sha256_of(path)}\n".encode())
            size += path.stat().st_size
    return found.hexdigest(), size


def copy(of: str, raw: Path, root: Path | None = None) -> None:
    """Copy the parts of a kernel to where its packages would have put them under `raw`."""
    found = parts_of(of, root)
    (raw / "boot").mkdir(parents=True)
    shutil.copyfile(found.image, raw / "boot" / found.image.name)
    shutil.copyfile(found.config, raw / "boot" / found.config.name)
    # `build` and `source` lead to headers, which no guest needs.
    ignored = shutil.ignore_patterns("build", "source")
    shutil.copytree(found.modules, raw / "lib/modules" / of, symlinks=True, ignore=ignored)
