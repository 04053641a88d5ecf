"""Kernel modules, guest root and this run's keys → the parts of an initramfs; no root rights, no mounts.

The parts are uncompressed cpio archives that are put one behind the other: the root is made once per
architecture, the modules once per kernel and variant, and only the small last part is made for every guest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from farm import cpio, files
from farm.errors import ImageError
from farm.kernel_tree import decompress_module
from farm.modules import ModuleTree
from farm.session import Keys
from farm.settings import ROOT, cache_dir
from farm.types import Package
from farm.variants import Variant

FOLDERS = ("bin", "dev", "etc", "farm", "lib", "mnt", "mnt/dax", "mnt/ext4", "proc", "run", "sys", "tmp", "usr")
MORE_FOLDERS = ("usr/bin", "usr/sbin", "sbin", "var", "var/run")
LIBRARY = re.compile(r"lib(?:c|crypt|tomcrypt|tommath|gmp|z)\.so\.\d+")
INTERPRETER = re.compile(rb"/lib[\w./-]*/ld[\w.-]*\.so\.\d+")
# What init, the set-up lines and a user of `./inv shell` call by name; busybox's own shell finds the others.
APPLETS = (
    *("cat", "chmod", "dmesg", "free", "grep", "insmod", "ls", "lsmod", "mkdir", "mknod", "mount"),
    *("ps", "rm", "sh", "sleep", "sysctl", "top", "umount", "uname", "vi"),
)
# The network first: the host connects while the rest is being loaded.
NET_MODULES = ("?virtio_pci", "virtio_net")
# ext4 asks for crc32c by a name that modules.dep does not know (a soft dependency).
BASE_MODULES = ("?virtio_blk", "?crc32c_generic", "ext4")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/shells": "/bin/sh\n",
}


def root_digest(packages: Sequence[Package]) -> str:
    """Return the digest of the guest root without keys: its packages, its init, and how they are put together."""
    names = sorted(f"{package.name} {package.sha256}" for package in packages)
    layout = json.dumps([names, FOLDERS, MORE_FOLDERS, APPLETS, NET_MODULES, BASE_MODULES, ACCOUNTS], sort_keys=True)
    return hashlib.sha256(layout.encode() + init_script()).hexdigest()


def init_script() -> bytes:
    """Return what process 1 of every guest runs."""
    return (ROOT / "guest" / "init").read_bytes()


def cached(key: str, make: Callable[[], bytes]) -> Path:
    """Return the file of a part, made by `make` if the cache does not have it; `key` names all that goes in."""
    path = cache_dir() / "parts" / f"{hashlib.sha256(key.encode()).hexdigest()}.cpio"
    with files.exclusive(path.with_suffix(".lock")):
        if not path.exists():
            files.replace(path, make())
    return path


def root_part(tree: Path, digest: str) -> Path:
    """Return the part with busybox, dropbear and its libraries out of the unpacked packages in `tree`."""
    return cached(f"root {digest}", lambda: cpio.archive(root_entries(tree)))


def root_entries(tree: Path) -> Iterator[cpio.Entry]:
    """Yield the members of the guest root."""
    dropbear = _read(tree, "usr/sbin/dropbear")
    interpreter = INTERPRETER.search(dropbear)
    if not interpreter:
        raise ImageError(f"{tree}/usr/sbin/dropbear names no dynamic linker", hint="remove that cache folder")
    linker = interpreter.group().decode().lstrip("/")
    folders = [*FOLDERS, *MORE_FOLDERS]
    if linker.split("/")[0] not in folders:
        folders.append(linker.split("/")[0])
    yield from (cpio.folder(name) for name in folders)
    # The kernel opens it as init's standard output, before devtmpfs is there.
    yield cpio.Entry("dev/console", 0o020600, device=(5, 1))
    yield cpio.file("init", init_script(), 0o755)
    yield cpio.file("bin/busybox", _read(tree, "bin/busybox", "usr/bin/busybox"), 0o755)
    yield from (cpio.link(f"bin/{name}", "busybox") for name in APPLETS)
    yield cpio.file("usr/sbin/dropbear", dropbear, 0o755)
    yield cpio.file(linker, _find(tree, linker.rsplit("/", 1)[-1]).read_bytes(), 0o755)
    for library in sorted({path.name for path in tree.rglob("lib*.so.*") if LIBRARY.fullmatch(path.name)}):
        yield cpio.file(f"lib/{library}", _find(tree, library).read_bytes(), 0o755)
    yield from (cpio.file(name, text.encode()) for name, text in ACCOUNTS.items())


def _read(tree: Path, *names: str) -> bytes:
    for name in names:
        if (tree / name).is_file():
            return (tree / name).read_bytes()
    raise ImageError(
        f"the guest root's packages have no {names[0]}", hint="./inv kernels --update renews the lock file"
    )


def _find(tree: Path, name: str) -> Path:
    """Return the regular file that `name` is or that a link of that name leads to; links are never followed."""
    paths = sorted(tree.rglob(name))
    regular = [path for path in paths if not path.is_symlink()]
    if regular:
        return regular[0]
    targets = {str(path.readlink()).rsplit("/", 1)[-1] for path in paths} - {name}
    if not targets:
        raise ImageError(
            f"the guest root's packages have no {name}", hint="./inv kernels --update renews the lock file"
        )
    return _find(tree, min(targets))


def modules_part(digest: str, tree: Path, variant: Variant) -> Path:
    """Return the part with the modules that a variant needs on the kernel `digest`, and the lists to load."""
    key = json.dumps(["modules", digest, NET_MODULES, BASE_MODULES, variant.modules])
    return cached(key, lambda: cpio.archive(modules_entries(tree, variant)))


def modules_entries(tree: Path, variant: Variant) -> Iterator[cpio.Entry]:
    """Yield the modules, unpacked (the guest's insmod cannot), and the two lists that init reads."""
    modules = ModuleTree(tree)
    first = modules.order(NET_MODULES)
    rest = [path for path in modules.order((*BASE_MODULES, *variant.modules)) if path not in first]
    yield cpio.folder("lib/modules")
    for name, paths in (("farm/modules.net", first), ("farm/modules", rest)):
        targets = [f"lib/modules/{path.name.split('.ko')[0]}.ko" for path in paths]
        yield from (cpio.file(to, decompress_module(path)) for to, path in zip(targets, paths, strict=True))
        yield cpio.file(name, "".join(f"/{to}\n" for to in targets).encode())


def run_part(keys: Keys, variant: Variant) -> bytes:
    """Return the part that differs from guest to guest: keys, and the variant's set-up lines."""
    return cpio.archive(
        [
            cpio.folder("root", 0o700),
            cpio.folder("root/.ssh", 0o700),
            cpio.file("root/.ssh/authorized_keys", keys.authorized, 0o600),
            cpio.file("farm/host_key", keys.host_dropbear, 0o600),
            cpio.file("farm/setup", "".join(f"{line}\n" for line in variant.setup).encode()),
        ]
    )
