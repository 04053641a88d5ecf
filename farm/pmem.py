"""Persistent-memory images made on the host: an fsdax (or devdax) info block, and a file system behind it.

The layout is that of the kernel's drivers/nvdimm/pfn.h (struct nd_pfn_sb, version 1.4): without this block a
raw namespace does no DAX, and ext4 refuses the mount option.
"""

from __future__ import annotations

import struct
import uuid

PFN_AT = 4096
PFN_SIZE = 4096
ALIGN = 2 << 20
# The kernel takes no alignment but a page, and what a page table's next level or two maps: drivers/nvdimm/pfn_devs.c.
ALIGNS = {4096: ALIGN, 16384: 32 << 20}
STRUCT_PAGE = 64
# Fixed, so that the same request gives the same bytes.
UUID = uuid.UUID("6d656d6f-7279-4661-8d00-000000000001")
MODE_PMEM = 2


def fletcher64(data: bytes) -> int:
    """Return the checksum of the kernel's nd_fletcher64 over little-endian words."""
    low = high = 0
    for (word,) in struct.iter_unpack("<I", data):
        low = (low + word) & 0xFFFFFFFF
        high = (high + low) & 0xFFFFFFFFFFFFFFFF
    return (high << 32 | low) & 0xFFFFFFFFFFFFFFFF


def data_offset(size: int, page: int = 4096) -> int:
    """Return where the data begins: behind the reserve and the memory map, aligned as a huge page is. Bytes."""
    memory_map = 2 * PFN_AT + STRUCT_PAGE * (size // page)
    align = ALIGNS.get(page, page)
    return (memory_map + align - 1) // align * align


def info_block(size: int, *, kind: str = "PFN", page: int = 4096) -> bytes:
    """Return the info block for a namespace of `size` bytes; `kind` is "PFN" (fsdax) or "DAX" (devdax)."""
    offset = data_offset(size, page)
    block = bytearray(PFN_SIZE)
    block[0:16] = f"NVDIMM_{kind}_INFO".encode().ljust(16, b"\0")
    block[16:32] = UUID.bytes
    fields = (0, 1, 4, offset, (size - offset) // page, MODE_PMEM, 0, 0, ALIGNS.get(page, page), page, STRUCT_PAGE)
    struct.pack_into("<IHHQQIIIIIH", block, 48, *fields)
    struct.pack_into("<Q", block, PFN_SIZE - 8, fletcher64(bytes(block)))
    return bytes(block)
