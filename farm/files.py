"""Files that several runs share: locks, writing aside and renaming, digests, the error of a full disk."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.errors import FetchError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` (made if missing) locked against other processes and threads while the block runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_errors(folder: Path, needed: int = 0) -> Iterator[None]:
    """Turn a full disk below `folder` into a FetchError that says where and how many bytes are needed."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise full(folder, needed) from error


def full(folder: Path, needed: int) -> FetchError:
    """Return the error of a full disk: `needed` bytes do not fit below `folder`."""
    free = shutil.disk_usage(folder).free
    more = f"{needed} bytes are needed, " if needed else ""
    return FetchError(f"the disk is full: {folder}: {more}{free} are free", hint="make room, or set FARM_CACHE")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def aside(path: Path) -> Path:
    """Return a name beside `path` that no other thread or process uses, to write to before renaming."""
    return path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")


def replace(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old bytes or the new ones, never a mixture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = aside(path)
    with disk_errors(path.parent, len(content)):
        try:
            with new.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
