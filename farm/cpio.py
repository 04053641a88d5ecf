"""Writes cpio archives in the "newc" format that the kernel unpacks as initramfs (buffer-format.rst)."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

# The kernel looks for the next archive on a 4-byte boundary; a block of 512 keeps QEMU's copy aligned too.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: `mode` with its type bits; `data` is the content, or the target of a symbolic link."""

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str, mode: int = 0o755) -> Entry:
    """Return a folder."""
    return Entry(name, stat.S_IFDIR | mode)


def file(name: str, data: bytes, mode: int = 0o644) -> Entry:
    """Return a regular file."""
    return Entry(name, stat.S_IFREG | mode, data)


def link(name: str, target: str) -> Entry:
    """Return a symbolic link."""
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def archive(entries: Iterable[Entry]) -> bytes:
    """Return the archive of `entries`, owned by root, without times, padded to whole blocks."""
    parts = [_member(number, entry) for number, entry in enumerate(entries, start=1)]
    parts.append(_member(0, Entry("TRAILER!!!", 0)))
    whole = b"".join(parts)
    return whole + bytes(-len(whole) % BLOCK)


def _member(inode: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    fields = (inode, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % value for value in fields)
    head = header + name
    return head + bytes(-len(head) % 4) + entry.data + bytes(-len(entry.data) % 4)
