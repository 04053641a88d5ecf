"""A suite's package index: the few stanzas that matter out of some ten thousands."""

from __future__ import annotations

import lzma
import re
from collections.abc import Callable
from dataclasses import dataclass

from debian.deb822 import Packages

from farm.errors import FetchError
from farm.sources.release import Listed
from farm.types import Package

NAME = re.compile(rb"^Package: *(\S+)[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite of an archive; `expired` is "accept" where an InRelease past its Valid-Until will do."""

    suite: str
    area: str = "main"
    expired: str = ""

    @property
    def accepts_expired(self) -> bool:
        """Whether an expired index of this suite is taken."""
        return self.expired == "accept"


@dataclass(frozen=True, slots=True)
class Entry:
    """One package of an index; `depends` are the names of all that it may depend on, `built_using` of sources."""

    package: Package
    depends: tuple[str, ...]
    built_using: tuple[str, ...]


def entries(packed: bytes, whole: Listed, area: str, wanted: Callable[[str], bool]) -> tuple[Entry, ...]:
    """Return the packages that `wanted` takes by name from a Packages.xz; `whole` bounds what it unpacks to."""
    content = unpacked(packed, whole)
    found = []
    for match in NAME.finditer(content):
        if wanted(match[1].decode("ascii", "replace")):
            begin = content.rfind(b"\n\n", 0, match.start()) + 1
            end = content.find(b"\n\n", match.end())
            stanza = content[begin : end if end >= 0 else len(content)]
            found.append(entry(stanza.strip(b"\n").decode(errors="replace"), area, whole.path))
    return tuple(found)


def unpacked(packed: bytes, whole: Listed) -> bytes:
    """Unpack an index, never to more than the InRelease says."""
    stream = lzma.LZMADecompressor()
    try:
        content = stream.decompress(packed, max_length=whole.size + 1)
    except lzma.LZMAError as error:
        raise FetchError(f"{whole.path}.xz: cannot be unpacked: {error}") from error
    if len(content) != whole.size or not stream.eof:
        raise FetchError(f"{whole.path}.xz: unpacks to other than the {whole.size} bytes that the InRelease says")
    return content


def entry(stanza: str, area: str, what: str) -> Entry:
    """Read one stanza."""
    fields = Packages(stanza.splitlines())
    try:
        package = Package(
            name=fields["Package"],
            version=fields["Version"],
            arch=fields["Architecture"],
            path=pool_path(fields["Filename"]),
            sha256=fields["SHA256"].lower(),
            size=int(fields["Size"]),
            area=area,
        )
    except (KeyError, ValueError) as error:
        raise FetchError(f"{what}: a stanza that cannot be read ({error}): {stanza[:80]!r}") from error
    relations = fields.relations
    return Entry(package, names(relations.get("depends", [])), names(relations.get("built-using", [])))


def names(groups: list[list[dict[str, object]]]) -> tuple[str, ...]:
    """Return the package names of a parsed relation field."""
    return tuple(str(one["name"]) for group in groups for one in group)


def pool_path(path: str) -> str:
    """Return a path below the archive's base, refusing one that leads out of it."""
    if path.startswith("/") or ".." in path.split("/") or "://" in path:
        raise ValueError(f"path {path!r}")
    return path
