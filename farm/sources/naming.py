"""How Debian names kernels: architectures, flavours, and the parts of `linux-image-RELEASE`."""

from __future__ import annotations

import re

DEBIAN = {
    "x86_64": "amd64",
    "i386": "i386",
    "arm64": "arm64",
    "armhf": "armhf",
    "ppc64el": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "mips64el": "mips64el",
    "loong64": "loong64",
}
OURS = {debian: ours for ours, debian in DEBIAN.items()}
# The word that an architecture's plain flavour has in Debian, where it has one.
PLAIN = {
    "amd64": "amd64",
    "arm64": "arm64",
    "ppc64el": "powerpc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "mips64el": "5kc-malta",
    "loong64": "loong64",
}
NO_KERNEL = ("-dbg", "-unsigned", "-signed-template")
# 5.10.0-46-… and 6.1.0-0.deb11.48-… have an ABI number; 6.12.117+deb13-… and 7.3-… have none (and 686 is no number).
RELEASE = re.compile(r"(?P<version>\d+\.\d+\.0-\d[^-]*|\d+(?:\.\d+)+(?:[+~][^-]+)?)-(?P<flavour>\S+)")


def split_release(release: str) -> tuple[str, str] | None:
    """Return version and Debian flavour of a release: "6.1.0-56-cloud-amd64" → ("6.1.0-56", "cloud-amd64")."""
    found = RELEASE.fullmatch(release)
    return (found["version"], found["flavour"]) if found else None


def release_of(package: str) -> str | None:
    """Return what `uname -r` will say for the package that has this name, None where it is no kernel."""
    release = package.removeprefix("linux-image-")
    if release == package or release.endswith(NO_KERNEL) or split_release(release) is None:
        return None
    return release


def flavour_of(word: str, debian_arch: str) -> str:
    """Return our word for a Debian flavour: cloud-amd64 → cloud, amd64 → generic, arm64-16k → 16k."""
    plain = PLAIN.get(debian_arch)
    if plain is None:
        return word
    if word == plain:
        return "generic"
    return word.removesuffix(f"-{plain}").removeprefix(f"{plain}-")
