"""Disk and memory images that the host makes for a guest, without root rights and without loop mounts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from farm import files, pmem
from farm.errors import ImageError
from farm.run import run
from farm.settings import cache_dir
from farm.variants import Image

UUID = "6d656d6f-7279-4661-8d00-000000000002"
# Features that 5.10 does not know are off; seed, UUID and time are fixed: the same request gives the same bytes.
EXT4 = ("-q", "-F", "-U", UUID, "-O", "^orphan_file,^metadata_csum_seed")
XFS = ("-m", "bigtime=0,inobtcount=0,rmapbt=0", "-i", "nrext64=0")
CHUNK = 1 << 20
FAKE_TIME = {"E2FSPROGS_FAKE_TIME": "1000000000", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
SCRATCH = Image("scratch", "ext4", 64)


def ext4(path: Path, size: int, _page: int) -> None:
    """Make an ext4 file system that fills `path`; blocks of 4 KiB, which every page size can mount."""
    _mkfs(path, size, block=4096)


def fsdax_ext4(path: Path, size: int, page: int) -> None:
    """Make a pmem namespace in fsdax mode with ext4 on it; DAX needs blocks as large as the guest's pages."""
    _namespace(path, size, page, "PFN")
    _mkfs(path, size, block=page, offset=pmem.data_offset(size, page))


def fsdax_xfs(path: Path, size: int, page: int) -> None:
    """Make a pmem namespace in fsdax mode with xfs on it, without reflink: 5.10 has no DAX together with it."""
    _fsdax_xfs(path, size, page, reflink=0)


def fsdax_reflink(path: Path, size: int, page: int) -> None:
    """Make a pmem namespace in fsdax mode with xfs on it whose files can share blocks."""
    _fsdax_xfs(path, size, page, reflink=1)


def _fsdax_xfs(path: Path, size: int, page: int, *, reflink: int) -> None:
    """Make the xfs aside, because mkfs.xfs knows no offset, and copy its few written blocks; it wants 300 MiB."""
    _namespace(path, size, page, "PFN")
    at = pmem.data_offset(size, page)
    # xfs mounts no two file systems of one UUID.
    uuid = f"{UUID[:-1]}3" if reflink else UUID
    aside = path.with_suffix(".xfs")
    try:
        with aside.open("wb") as file:
            file.truncate(size - at)
        run(["mkfs.xfs", "-q", "-f", "-b", f"size={page}", "-m", f"reflink={reflink},uuid={uuid}", *XFS, aside])
        _copy_sparse(aside, path, at)
    finally:
        aside.unlink(missing_ok=True)


def devdax(path: Path, size: int, page: int) -> None:
    """Make a pmem namespace in devdax mode."""
    _namespace(path, size, page, "DAX")


def _namespace(path: Path, size: int, page: int, kind: str) -> None:
    with path.open("r+b") as image:
        image.seek(pmem.PFN_AT)
        image.write(pmem.info_block(size, kind=kind, page=page))


def _copy_sparse(source: Path, target: Path, offset: int) -> None:
    with source.open("rb") as old, target.open("r+b") as new:
        while piece := old.read(CHUNK):
            if piece.count(0) != len(piece):
                new.seek(offset + old.tell() - len(piece))
                new.write(piece)


def _mkfs(path: Path, size: int, *, block: int, offset: int = 0) -> None:
    extended = f"hash_seed={UUID},lazy_itable_init=0" + (f",offset={offset}" if offset else "")
    words: list[str | Path] = [
        "mkfs.ext4",
        *EXT4,
        "-b",
        str(block),
        "-E",
        extended,
        path,
        f"{(size - offset) // 1024}k",
    ]
    run(words, env=FAKE_TIME)


def swap(path: Path, _size: int, page: int) -> None:
    """Make a swap area for the guest's pages, as large as the file."""
    run(["mkswap", "-p", str(page), "-U", UUID, path])


KINDS: dict[str, Callable[[Path, int, int], None]] = {
    "ext4": ext4, "fsdax-ext4": fsdax_ext4, "fsdax-xfs": fsdax_xfs, "fsdax-reflink": fsdax_reflink,
    "devdax": devdax, "swap": swap,
}  # fmt: skip


def make(image: Image, page: int = 4096) -> Path:
    """Return the path of `image` for a guest with pages of `page` bytes, made if it is not yet in the cache."""
    if image.kind not in KINDS:
        raise ImageError(f"no maker for images of kind {image.kind}", hint=f"known: {', '.join(sorted(KINDS))}")
    recipe = json.dumps([image.kind, image.mib, page, EXT4, XFS], sort_keys=True)
    path = cache_dir() / "images" / f"{image.kind}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.img"
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.exclusive(path.with_suffix(".lock")):
        if not path.exists():
            part = path.with_suffix(".part")
            try:
                with part.open("wb") as file:
                    file.truncate(image.mib << 20)
                KINDS[image.kind](part, image.mib << 20, page)
                part.rename(path)
            finally:
                # On a disk that is full, half an image would take the room that the next try needs.
                part.unlink(missing_ok=True)
    return path
