"""What the host must have, what of it is missing, and installing that with apt where we may.

Standard library only: ./inv runs this module with the system's own Python before there is a .venv.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.arches import Arch
from farm.errors import FarmError, InfraError
from farm.run import attached, find
from farm.variants import Variant

# An unattended upgrade holds dpkg's lock for minutes on a machine that has just been started.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300")
INSTALL = ("install", "--yes", "--no-install-recommends")


@dataclass(frozen=True, slots=True)
class Need:
    """A program, or a file where `what` is a path, and the Debian package that has it."""

    what: str
    package: str
    why: str

    @property
    def there(self) -> bool:
        """Whether the host has it."""
        return Path(self.what).exists() if self.what.startswith("/") else find(self.what) is not None


KERNELS = (
    Need("gpgv", "gpgv", "verifies what the package archive signed"),
    Need("/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring", "whose signatures are good"),
)
GUESTS = (
    Need("mkfs.ext4", "e2fsprogs", "makes the guests' disks"),
    Need("depmod", "kmod", "finds out which kernel modules need which"),
    Need("setpriv", "util-linux", "starts QEMU so that it ends with the farm"),
)
# What makes an image of that kind, beside what every guest's disk takes.
XFSPROGS = Need("mkfs.xfs", "xfsprogs", "makes the xfs on an NVDIMM")
IMAGES = {"fsdax-xfs": XFSPROGS, "fsdax-reflink": XFSPROGS}
VENV = Need("ensurepip", "python3-venv", "makes .venv")


def of_arch(arch: Arch, variants: Iterable[Variant] = ()) -> tuple[Need, ...]:
    """Return what guests of `arch` need of the host: QEMU, and what its variants boot through and are made with."""
    needs = [Need(arch.qemu, arch.qemu_package, f"runs {arch.name} guests")]
    for variant in variants:
        needs += [IMAGES[image.kind] for image in variant.images if image.kind in IMAGES]
        firmware = variant.machine(arch.name).firmware
        package = next((name for name in arch.extra_packages if f"/{name}/" in firmware), "")
        if package:
            needs.append(Need(firmware, package, f"boots {arch.name} {variant.name} guests"))
    return tuple(needs)


def missing(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Return what the host does not have, each once."""
    return tuple(need for need in dict.fromkeys(needs) if not need.there)


def command(needs: Iterable[Need]) -> str:
    """Return the exact command that installs what these needs are about, with who has to run it."""
    apt = shlex.join(("apt-get", *INSTALL, *packages(needs)))
    if os.geteuid() == 0:
        return f"run: {apt}"
    return f"run: sudo {apt}" if find("sudo") else f"run as root: {apt}"


def packages(needs: Iterable[Need]) -> list[str]:
    """Return the names of the packages, sorted."""
    return sorted({need.package for need in needs})


def ensure(needs: Iterable[Need], *, yes: bool = False) -> None:
    """Install what is missing where we may; else InfraError with the command that the user can run."""
    lacking = missing(needs)
    if lacking:
        provide(lacking, yes=yes)
    left = missing(lacking)
    if left:
        raise refusal(left)


def provide(lacking: Sequence[Need], *, yes: bool = False) -> None:
    """Install the packages of `lacking`, without looking whether they are there."""
    rights = may_install(packages(lacking), yes=yes or agreed())
    if rights is None:
        raise refusal(lacking)
    install(lacking, rights)


def refusal(lacking: Sequence[Need]) -> InfraError:
    """Return the error of what is missing; its hint ends with the command."""
    what = ", ".join(f"{need.what} ({need.why})" for need in lacking)
    if find("apt-get") is None:
        return InfraError(f"missing: {what}", hint=f"install what Debian calls {' '.join(packages(lacking))}")
    return InfraError(f"missing: {what}", hint=command(lacking))


def agreed() -> bool:
    """Whether the user has said yes beforehand (FARM_YES=1, or CI=true as continuous integration sets it)."""
    return any(os.environ.get(name, "").lower() in {"1", "true", "yes"} for name in ("FARM_YES", "CI"))


def may_install(wanted: Sequence[str], *, yes: bool) -> list[str] | None:
    """Return what to put before apt-get, None where we must not run it. Asks on a terminal only."""
    if find("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if find("sudo") is None:
        return None
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if terminal and (yes or asked(wanted)):
        return ["sudo"]
    return ["sudo", "-n"] if yes and not terminal else None


def asked(wanted: Sequence[str]) -> bool:
    """Ask the user on the terminal; an empty line means yes, the end of input no."""
    question = f"inv: this needs the packages {' '.join(wanted)}. Install them with sudo apt-get? [Y/n] "
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().lower() in {"\n", "y\n", "yes\n"}


def install(lacking: Sequence[Need], rights: Sequence[str]) -> None:
    """Install packages with apt; where its lists are missing or old, once more after `apt-get update`."""
    wanted = packages(lacking)
    print(f"inv: installing {' '.join(wanted)} with apt", file=sys.stderr)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # In a log, apt's and dpkg's progress is noise.
    quiet = () if sys.stderr.isatty() else ("-qq", "-o", "Dpkg::Use-Pty=0")
    argv = [*rights, *APT, *quiet, *INSTALL, *wanted]
    if attached(argv, env=env) == 0:
        return
    print("inv: once more, with fresh package lists", file=sys.stderr)
    attached([*rights, *APT, "update"], env=env)
    if attached(argv, env=env) != 0:
        raise InfraError("apt could not install the packages", hint=f"see above; {command(lacking)}")


def main() -> int:
    """Install python3-venv, for ./inv; 3 where that is not possible."""
    try:
        provide([VENV], yes="--yes" in sys.argv[1:])
    except FarmError as error:
        print(f"inv: {error.message}; {error.hint}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
