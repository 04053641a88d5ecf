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
EXT4 = ("-q", "-F", "-b", "4096", "-U", UUID, "-O", "^orphan_file,^metadata_csum_seed")
FAKE_TIME = {"E2FSPROGS_FAKE_TIME": "1000000000", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
SCRATCH = Image("scratch", "ext4", 64)


def ext4(path: Path, size: int) -> None:
    """Make an ext4 file system that fills `path`."""
    _mkfs(path, size, offset=0)


def fsdax_ext4(path: Path, size: int) -> None:
    """Make a pmem namespace in fsdax mode with ext4 on it."""
    with path.open("r+b") as image:
        image.seek(pmem.PFN_AT)
        image.write(pmem.info_block(size))
    _mkfs(path, size, offset=pmem.data_offset(size))


def _mkfs(path: Path, size: int, *, offset: int) -> None:
    extended = f"hash_seed={UUID},lazy_itable_init=0" + (f",offset={offset}" if offset else "")
    run(["mkfs.ext4", *EXT4, "-E", extended, path, f"{(size - offset) // 1024}k"], env=FAKE_TIME)


def swap(path: Path, _size: int) -> None:
    """Make a swap area for pages of 4 KiB, as large as the file."""
    run(["mkswap", "-p", "4096", "-U", UUID, path])


KINDS: dict[str, Callable[[Path, int], None]] = {"ext4": ext4, "fsdax-ext4": fsdax_ext4, "swap": swap}


def make(image: Image) -> Path:
    """Return the path of `image`, made if it is not yet in the cache."""
    if image.kind not in KINDS:
        raise ImageError(f"no maker for images of kind {image.kind}", hint=f"known: {', '.join(sorted(KINDS))}")
    recipe = json.dumps([image.kind, image.mib, EXT4], sort_keys=True)
    path = cache_dir() / "images" / f"{image.kind}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.img"
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.exclusive(path.with_suffix(".lock")):
        if not path.exists():
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            with part.open("wb") as file:
                file.truncate(image.mib << 20)
            KINDS[image.kind](part, image.mib << 20)
            part.rename(path)
    return path
