"""A kernel's packages, unpacked: the image in the forms that QEMU loads, the config, the modules with modules.dep."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import files, settings
from farm.errors import ImageError
from farm.payload import decompress, extract_vmlinux
from farm.run import run
from farm.steps import step
from farm.types import Kernel
from farm.unpack import unpack

LAYOUT = "1"  # of the cached folder; another number makes it anew
MODULE_LIMIT = 256 << 20  # bytes


@dataclass(frozen=True, slots=True)
class KernelTree:
    """An unpacked kernel. `modules` is lib/modules/RELEASE, with modules.dep and modules.builtin in it."""

    release: str
    image: Path
    config: Path
    modules: Path
    system_map: Path | None

    @property
    def vmlinux(self) -> Path:
        """The kernel as QEMU starts it fastest (an ELF, or a raw Image); unpacked beside `image` on first use."""
        path = self.image.with_name("vmlinux")
        if not path.exists():
            with files.exclusive(path.with_suffix(".lock")):
                if not path.exists():
                    image = self.image.read_bytes()
                    found = extract_vmlinux(image)
                    if found is image:
                        path.hardlink_to(self.image)
                    else:
                        files.replace(path, found)
        return path


def kernel_tree(
    kernel: Kernel, debs: Sequence[Path] | Callable[[], Sequence[Path]], cache: Path | None = None
) -> KernelTree:
    """Unpack the packages of `kernel` once, into `cache` (else the farm's own), and return what is there.

    `debs` may be a function: it is called, and anything downloaded, only where the kernel is not unpacked yet.
    """

    def fill(raw: Path) -> None:
        paths = debs() if callable(debs) else debs
        unpack(paths, raw, lambda name: is_wanted(name, kernel.release))

    return filled_tree(kernel, fill, cache)


def filled_tree(kernel: Kernel, fill: Callable[[Path], None], cache: Path | None = None) -> KernelTree:
    """Make the tree once, of what `fill` puts into a folder as the kernel's packages would, and return it."""
    home = (cache or settings.cache_dir() / "kernels") / kernel.digest
    if not current(home):
        with files.exclusive(home.with_suffix(".lock")):
            if not current(home):
                for left in home.parent.glob(f"{home.name}.*.new"):  # by a run that was killed
                    shutil.rmtree(left)
                with step("unpack", kernel.name), files.disk_errors(home.parent):
                    make(kernel, fill, home)
    return tree_at(home, kernel.release)


def current(home: Path) -> bool:
    """Whether the folder is complete and laid out as this version of the farm wants it."""
    mark = home / "layout"
    return mark.is_file() and mark.read_text() == LAYOUT


def make(kernel: Kernel, fill: Callable[[Path], None], home: Path) -> None:
    """Fill a folder aside, and rename what is complete into place."""
    new = files.aside(home)
    try:
        raw = new / "raw"
        fill(raw)
        arrange(raw, new, kernel)
        shutil.rmtree(raw)
        run(["depmod", "-b", new, kernel.release], timeout=300)
        (new / "layout").write_text(LAYOUT)
        shutil.rmtree(home, ignore_errors=True)
        new.replace(home)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def is_wanted(name: str, release: str) -> bool:
    """Whether a guest may need the file: image, config, map and modules; no device trees, no documents."""
    inside = name.removeprefix("usr/").removeprefix(f"lib/modules/{release}/")
    if inside != name.removeprefix("usr/"):
        return not inside.startswith(("dtb/", "vdso/")) and inside not in {"build", "source", "dtb", "vdso"}
    return name in {f"boot/{kind}-{release}" for kind in ("vmlinuz", "vmlinux", "config", "System.map")}


def arrange(raw: Path, new: Path, kernel: Kernel) -> None:
    """Bring what packages of different ages keep in different places into one layout: boot/, lib/modules/."""
    modules = new / "lib" / "modules" / kernel.release
    modules.mkdir(parents=True)
    for place in (raw / "lib/modules", raw / "usr/lib/modules"):
        if (place / kernel.release).is_dir():
            shutil.copytree(
                place / kernel.release, modules, dirs_exist_ok=True, symlinks=True, copy_function=shutil.move
            )
    boot = new / "boot"
    boot.mkdir()
    for kind, required in (("vmlinuz", True), ("config", True), ("System.map", False)):
        found = first_of(raw / "boot" / f"{kind}-{kernel.release}", modules / kind)
        if kind == "vmlinuz" and found is None:
            found = first_of(raw / "boot" / f"vmlinux-{kernel.release}", modules / "vmlinux")
        if found is not None:
            found.replace(boot / kind)
        elif required:
            raise ImageError(f"{kernel.name} ({kernel.arch}): its packages have no {kind}")
    if not (modules / "kernel").is_dir():
        raise ImageError(f"{kernel.name} ({kernel.arch}): its packages have no modules for {kernel.release}")


def first_of(*paths: Path) -> Path | None:
    """Return the first of the paths that is a regular file."""
    return next((path for path in paths if path.is_file() and not path.is_symlink()), None)


def tree_at(home: Path, release: str) -> KernelTree:
    """Return what lies in a complete folder."""
    system_map = home / "boot" / "System.map"
    return KernelTree(
        release=release,
        image=home / "boot" / "vmlinuz",
        config=home / "boot" / "config",
        modules=home / "lib" / "modules" / release,
        system_map=system_map if system_map.is_file() else None,
    )


def decompress_module(path: Path) -> bytes:
    """Return a kernel module as the kernel loads it, from .ko, .ko.xz, .ko.zst or .ko.gz."""
    content = path.read_bytes()
    if not path.name.endswith(".ko"):
        content = decompress(content, path.name, MODULE_LIMIT)
    if not content.startswith(b"\x7fELF"):
        raise ImageError(f"{path.name}: not a kernel module")
    return content
