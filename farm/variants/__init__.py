"""Guest configurations: one file each, data only; a new file in this folder is a new variant."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.arches import ARCHES

# What every variant gives besides its own words: word → the kernel options without which it cannot be.
BASE_GIVES: Mapping[str, tuple[str, ...]] = {"ext4": ("CONFIG_EXT4_FS", "CONFIG_VIRTIO_BLK")}


@dataclass(frozen=True, slots=True)
class Image:
    """A disk or memory image that the host makes: `kind` names its maker in farm/images.py. Size in MiB."""

    name: str
    kind: str
    mib: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What QEMU is given for one architecture; `{NAME}` in `args` stands for the path of the image NAME.

    `cpu` is added to the architecture's CPU model. `memory` replaces the variant's, where it is not empty.
    `{share}` in `args` is "on" for a guest whose images are its own copies and outlive it, else "off". `regions`
    are (address, bytes) that the device tree is to call persistent memory.
    """

    machine: str = ""
    cpu: str = ""
    memory: str = ""
    args: tuple[str, ...] = ()
    firmware: str = ""
    cmdline: str = ""
    regions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One guest configuration.

    `gives` maps a word that probes may need to the kernel options without which the guest cannot have it.
    `machines` has an entry per architecture that differs from `Machine()`; `cannot` says for an architecture, or
    one flavour of its kernels (arm64@16k), why it cannot have this variant; `lacks` says for a word why it cannot
    be given here, where that is not the kernel's doing. `memory` in MiB. `modules` are loaded in order, each after
    what it depends on; a leading "?" means: where the kernel has it as a module. `disks` are the images that become
    virtio disks behind the scratch disk (vdb, vdc, …). `setup` are lines for the guest's shell, run before the
    checker; one that fails is reported as a failed promise. `fails` says for an architecture and a kernel's version
    why that kernel cannot keep them: every word of `gives` is unmet there.
    """

    name: str
    says: str
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    memory: int = 512
    smp: str = "1"
    cmdline: str = ""
    modules: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    disks: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    machines: Mapping[str, Machine] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)
    fails: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def missing(self, arch: str, version: str) -> dict[str, str]:
        """Return the words that cannot be given on `arch` to this version of the kernel, each with the reason."""
        why = self.fails.get(arch, {}).get(version)
        return {**self.lacks, **(dict.fromkeys(self.gives, why) if why else {})}

    def refused(self, arch: str, flavour: str) -> str:
        """Return why kernels of `flavour` cannot have it on `arch`; empty where they can."""
        return self.cannot.get(arch) or self.cannot.get(f"{arch}@{flavour}", "")

    def machine(self, arch: str) -> Machine:
        """Return what QEMU is given on `arch`."""
        return self.machines.get(arch, Machine())


def elsewhere(reason: str, *but: str, **others: str) -> dict[str, str]:
    """Return `reason` for every architecture but those in `but`; `others` have reasons of their own."""
    return {name: others.get(name, reason) for name in ARCHES if name not in but}


def _load() -> dict[str, Variant]:
    found = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        variant: Variant = importlib.import_module(f"{__name__}.{info.name}").VARIANT
        found[variant.name] = variant
    return found


VARIANTS: dict[str, Variant] = _load()
