"""What a cell needs before its guest can be started: files, the checker, the accelerator, and its inputs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from farm import build, disks, files, images, kconfig
from farm.arches import Arch
from farm.catalogue import Catalogue
from farm.errors import PlanError
from farm.kernel_tree import KernelTree, filled_tree, kernel_tree
from farm.lock import Lock
from farm.plan import Cell
from farm.qemu import accel, argv
from farm.results import Wanted
from farm.settings import cache_dir
from farm.sources import host
from farm.sources.apt import Archive
from farm.steps import step
from farm.types import Kernel, Package
from farm.unpack import unpack
from farm.variants import BASE_GIVES, Machine, Variant


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that one cell's guests are made of; `parts` are the initramfs's, in order."""

    kernel: Path
    parts: tuple[Path, ...]
    disk: Path
    images: Mapping[str, Path]
    checker: bytes
    accel: str
    config: str
    ruled_out: Mapping[str, str]


def gives(variant: Variant) -> dict[str, tuple[str, ...]]:
    """Return every word that a variant gives, with the kernel options that it takes."""
    return {**BASE_GIVES, **variant.gives}


def variant_digest(arch: Arch, variant: Variant, version: str = "") -> str:
    """Return the digest of what the guest's configuration can make a guest with this version of the kernel see.

    Fields that stand at their default are left out, and so are words for people: a field added later, a
    better reason or another architecture's arguments make no answer stale.
    """
    own = _set_fields(variant, "name", "says", "cannot", "machines", "fails")
    host_side = ("debian", "qemu_package", "slowness", "extra_packages", "needs_qemu", "because", "unusable")
    entry = _set_fields(arch, *host_side)
    parts = [own, _set_fields(variant.machine(arch.name)), entry, argv.CMDLINE, asdict(disks.SCRATCH), BASE_GIVES]
    if fails := variant.fails.get(arch.name, {}).get(version):
        parts.append({"fails": fails})
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _set_fields(value: Arch | Variant | Machine, *but: str) -> dict[str, object]:
    """Return the fields that do not have their default, without those in `but`."""
    found = asdict(value)
    for one in dataclasses.fields(value):
        plain = one.default_factory() if one.default_factory is not dataclasses.MISSING else one.default
        if one.name in but or getattr(value, one.name) == plain:
            del found[one.name]
    return found


@dataclass(slots=True)
class Workshop:
    """Makes what guests need, each thing once; used by several threads. `digests`: one per probe family."""

    lock: Lock
    catalogue: Catalogue
    archive: Archive
    digests: Mapping[str, str]
    everything: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)
    checkers: dict[str, bytes] = field(default_factory=dict)

    def probes(self, cell: Cell) -> tuple[str, ...]:
        """Return the probes that this cell runs, in order."""
        plain = not cell.variant.gives
        return self.catalogue.selection(frozenset(cell.variant.gives), plain, self.everything)

    def root_packages(self, arch: Arch) -> tuple[Package, ...]:
        """Return the locked packages of the guest root."""
        packages = self.lock.root.get(arch.debian, ())
        if not packages:
            raise PlanError(f"the lock file has no guest root for {arch.debian}", hint="./inv kernels --update")
        return packages

    def wanted(self, cell: Cell, qemu: str) -> Wanted:
        """Return what an answer of this cell depends on, as it is now."""
        families = {self.catalogue.probes[probe].family for probe in self.probes(cell)}
        return Wanted(
            kernel_digest=cell.kernel.digest,
            guest_root=images.root_digest(self.root_packages(cell.arch)),
            variant_digest=variant_digest(cell.arch, cell.variant, cell.kernel.version),
            qemu=qemu,
            families={family: self.digests[family] for family in sorted(families)},
            selection="all" if self.everything else "default",
        )

    def kernel(self, kernel: Kernel) -> KernelTree:
        """Return an unpacked kernel, downloaded where the store does not have it; this machine's own is copied."""
        if kernel.source == host.SOURCE:
            return filled_tree(kernel, lambda raw: host.copy(kernel.release, raw))
        return kernel_tree(kernel, lambda: self.archive.debs(kernel))

    def root(self, arch: Arch) -> Path:
        """Return the initramfs part with the guest root."""
        packages = self.root_packages(arch)
        digest = images.root_digest(packages)
        tree = cache_dir() / "roots" / digest
        with files.exclusive(tree.with_suffix(".lock")):
            if not (tree / "complete").exists():
                unpack([self.archive.download(one, f"guest root {arch.debian}") for one in packages], tree)
                (tree / "complete").touch()
        return images.root_part(tree, digest)

    def checker(self, arch: Arch) -> bytes:
        """Return the checker for an architecture, built where the cache does not have it."""
        with self.guard:
            if arch.target not in self.checkers:
                with step("build", f"checker {arch.name}"):
                    self.checkers[arch.target] = build.checker(arch.target, self.catalogue).read_bytes()
            return self.checkers[arch.target]

    def prepare(self, cell: Cell, accelerator: str) -> Prepared:
        """Make or find everything that the guests of `cell` need."""
        accel.refuse_unfit(cell.arch)
        with step("prepare", cell.name):
            tree = self.kernel(cell.kernel)
            config = tree.config.read_text()
            options = kconfig.parse(config)
            page = kconfig.page_size(options)
            modules = images.modules_part(cell.kernel.digest, tree.modules, cell.variant)
            return Prepared(
                kernel=tree.vmlinux if cell.arch.unpack == "vmlinux" else tree.image,
                parts=(self.root(cell.arch), modules),
                disk=disks.make(disks.SCRATCH),
                images={image.name: disks.make(image, page) for image in cell.variant.images},
                checker=self.checker(cell.arch),
                accel=accelerator,
                config=config,
                ruled_out={
                    **cell.variant.missing(cell.arch.name, cell.kernel.version),
                    **kconfig.ruled_out(options, gives(cell.variant)),
                },
            )
