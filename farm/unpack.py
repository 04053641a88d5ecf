"""Unpack .deb archives safely, without root rights and without the host's dpkg.

Nothing an archive says can write outside of the destination: names are checked, links are made but never
followed, devices are refused, setuid bits are dropped, and sizes are bounded.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

import zstandard
from debian.arfile import ArError, ArFile

from farm.errors import FetchError
from farm.files import disk_errors

LIMIT = 4 << 30  # bytes of all files of one archive
COUNT = 200_000  # members of one archive
# ValueError: python-debian and tarfile read numbers of damaged headers with int()
BROKEN = (tarfile.TarError, lzma.LZMAError, zstandard.ZstdError, zlib.error, EOFError, ArError, ValueError)

Wanted = Callable[[str], bool]
Opener = Callable[[BinaryIO], IO[bytes]]


def _zstd(packed: BinaryIO) -> IO[bytes]:
    """Open a zstd stream; the host's unzstd is not needed."""
    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True))


def _gzip(packed: BinaryIO) -> IO[bytes]:
    """Open a gzip stream."""
    return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))


OPENERS: dict[str, Opener] = {
    ".xz": lzma.LZMAFile,
    ".zst": _zstd,
    ".gz": _gzip,
    "": lambda packed: packed,
}


@contextmanager
def data_of(deb: Path, member: str = "data.tar") -> Iterator[tarfile.TarFile]:
    """Open one member of a .deb (data.tar or control.tar, however compressed) as a stream of files."""
    try:
        with deb.open("rb") as handle:
            parts = ArFile(fileobj=handle).getmembers()
            # Not every decompressor tells a stream that ends too early from one that ends.
            if deb.stat().st_size < 8 + sum(60 + part.size for part in parts):
                raise FetchError(f"{deb.name}: cannot be unpacked: it ends too early")
            found = next((part for part in parts if suffix_of(part.name, member) is not None), None)
            if found is None:
                raise FetchError(f"{deb.name}: has no {member}")
            opener = OPENERS.get(suffix_of(found.name, member) or "")
            if opener is None:
                raise FetchError(f"{deb.name}: {found.name}: a compression that is not known here")
            with (
                closing(opener(cast("BinaryIO", found))) as stream,
                tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive,
            ):
                yield archive
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FetchError(f"{deb.name}: cannot be unpacked: {error}") from error


def suffix_of(name: str, member: str) -> str | None:
    """Return the suffix behind `member` ("" or ".xz" …), None where the name is another one."""
    rest = name.removeprefix(member)
    return rest if name.startswith(member) and (not rest or rest.startswith(".")) else None


def unpack(debs: Iterable[Path], dest: Path, wanted: Wanted = lambda _name: True) -> list[str]:
    """Unpack what `wanted` takes (by name, relative, no leading ./) below `dest`; return the names, in order."""
    made: list[str] = []
    dest.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        with data_of(deb) as archive, disk_errors(dest):
            made += _Sink(deb.name, dest).take(archive, wanted)
    return made


@dataclass(slots=True)
class _Sink:
    """Where the files of one archive go; counts what was written, in bytes."""

    deb: str
    dest: Path
    written: int = 0
    members: int = 0
    names: list[str] = field(default_factory=list)

    def take(self, archive: tarfile.TarFile, wanted: Wanted) -> list[str]:
        """Write every member that is wanted; return their names."""
        for member in archive:
            self.members += 1
            if self.members > COUNT:
                raise FetchError(f"{self.deb}: more than {COUNT} members")
            name = self.safe(member.name)
            if name and wanted(name):
                self.put(archive, member, name)
                self.names.append(name)
        return self.names

    def safe(self, name: str) -> str:
        """Return a member's name relative to the root, refusing one that leads out of it."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name:
            raise FetchError(f"{self.deb}: a member that leads out of its folder: {name!r}")
        return "/".join(part for part in path.parts if part != ".")

    def put(self, archive: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> None:
        """Write one member."""
        path = self.dest / name
        self.parents(path, name)
        if member.isdir():
            if not path.is_dir() or path.is_symlink():
                self.fresh(path)
                path.mkdir()
        elif member.issym():
            self.fresh(path)
            path.symlink_to(member.linkname)
        elif member.islnk():
            self.fresh(path)
            self.copy(self.safe(member.linkname), path)
        elif member.isfile():
            self.fresh(path)
            self.write(archive, member, path)
        else:
            raise FetchError(f"{self.deb}: {name}: neither file, folder nor link")

    def parents(self, path: Path, name: str) -> None:
        """Make the folders above `path`, refusing to go through a link that was unpacked before."""
        at = self.dest
        for part in PurePosixPath(name).parent.parts:
            at /= part
            if at.is_symlink() or (at.exists() and not at.is_dir()):
                raise FetchError(f"{self.deb}: {name}: leads through {at.relative_to(self.dest)}, which is no folder")
        path.parent.mkdir(parents=True, exist_ok=True)

    def fresh(self, path: Path) -> None:
        """Make room at `path`: what was unpacked there before is replaced, unless it is a folder."""
        if path.is_dir() and not path.is_symlink():
            raise FetchError(f"{self.deb}: {path.relative_to(self.dest)}: was a folder, is to become something else")
        path.unlink(missing_ok=True)

    def copy(self, source: str, path: Path) -> None:
        """Make what is a hard link in the archive: a copy of a file that came before it."""
        if source not in self.names or not (self.dest / source).is_file() or (self.dest / source).is_symlink():
            raise FetchError(f"{self.deb}: a hard link to {source}, which did not come before it")
        self.count((self.dest / source).stat().st_size)
        shutil.copy(self.dest / source, path)

    def write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        """Write a regular file, with the permissions of its member but no setuid, setgid or sticky bit."""
        self.count(member.size)
        content = archive.extractfile(member)
        if content is None:
            raise FetchError(f"{self.deb}: {member.name}: has no content")
        with content, open(path, "xb", opener=_no_follow) as out:
            shutil.copyfileobj(content, out, 1 << 20)
        path.chmod((member.mode & 0o777) | 0o600)

    def count(self, size: int) -> None:
        """Count bytes, and refuse an archive that unpacks to too many."""
        self.written += size
        if self.written > LIMIT:
            raise FetchError(f"{self.deb}: unpacks to more than {LIMIT} bytes")


def _no_follow(path: str, flags: int) -> int:
    """Open a new file, never through a link."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
