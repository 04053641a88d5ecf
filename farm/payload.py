"""The kernel inside a kernel image: bzImage (x86) and EFI zboot (arm64, loong64), in pure Python.

Offsets: Documentation/arch/x86/boot.rst (setup_sects 0x1f1, payload_offset 0x248, payload_length 0x24c);
drivers/firmware/efi/libstub/zboot-header.S (zimg at 4, offset at 8, size at 12, compression at 24);
Documentation/arch/arm64/booting.rst (magic at 56).
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable

import lz4.block  # type: ignore[import-untyped]
import zstandard

from farm.errors import ImageError

LIMIT = 512 << 20  # bytes that a kernel may unpack to
SECTOR = 512
BOOT_HEADER, ZBOOT_HEADER = 0x250, 64
# Images that lie unpacked in their file: arm64's, riscv's (Documentation/arch/riscv/boot-image-header.rst).
RAW = (b"ARM\x64", b"RSC\x05")
LZ4_BLOCK = 8 << 20
ZSTD_PIECE = 4 << 10


def extract_vmlinux(image: bytes) -> bytes:
    """Return what QEMU is to load: the ELF inside a bzImage, the Image inside a zboot file, else `image` itself."""
    if image[0x202:0x206] == b"HdrS" and len(image) > BOOT_HEADER:
        sectors = image[0x1F1] or 4
        offset, length = struct.unpack_from("<II", image, 0x248)
        begin = (sectors + 1) * SECTOR + offset
        found = decompress(image[begin : begin + length], "bzImage", LIMIT)
        if not found.startswith(b"\x7fELF"):
            raise ImageError("bzImage: its payload is not an ELF file")
        return found
    if image[:2] == b"MZ" and image[4:8] == b"zimg" and len(image) > ZBOOT_HEADER:
        offset, length = struct.unpack_from("<II", image, 8)
        return decompress(image[offset : offset + length], "zboot image", LIMIT)
    if image.startswith(b"\x7fELF") or image[56:60] in RAW:
        return image
    if image.startswith(b"\x1f\x8b"):
        return decompress(image, "gzipped image", LIMIT)
    raise ImageError(f"a kernel image of an unknown kind, beginning with {image[:8].hex()}")


def decompress(packed: bytes, what: str, limit: int) -> bytes:
    """Unpack one stream whose kind its first bytes tell, to at most `limit` bytes; what follows it is ignored."""
    kind = next((name for magic, name in MAGIC.items() if packed.startswith(magic)), None)
    if kind is None:
        raise ImageError(f"{what}: packed in a way that is not known here, beginning with {packed[:6].hex()}")
    try:
        found = UNPACK[kind](packed, limit + 1)
    except (zlib.error, lzma.LZMAError, zstandard.ZstdError, lz4.block.LZ4BlockError) as error:
        raise ImageError(f"{what}: its {kind} stream is damaged: {error}") from error
    if len(found) > limit:
        raise ImageError(f"{what}: unpacks to more than {limit} bytes")
    return found


def _xz(packed: bytes, limit: int) -> bytes:
    """Unpack xz or lzma; the kernel's x86 payloads use the BCJ filter, which the stream itself names."""
    return _whole(lzma.LZMADecompressor(), packed, limit)


def _gzip(packed: bytes, limit: int) -> bytes:
    """Unpack gzip."""
    stream = zlib.decompressobj(31)
    found = stream.decompress(packed, limit)
    if not stream.eof and len(found) < limit:
        raise zlib.error("it ends too early")
    return found


def _zstd(packed: bytes, limit: int) -> bytes:
    """Unpack zstd; the frame may not tell its size, and the size that the kernel appends is no frame.

    In small pieces, because one byte can stand for thirty thousand and the decompressor knows no limit.
    """
    stream = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
    found = bytearray()
    for at in range(0, len(packed), ZSTD_PIECE):
        found += stream.decompress(packed[at : at + ZSTD_PIECE])
        if stream.eof or len(found) >= limit:
            return bytes(found[:limit])
    raise zstandard.ZstdError("it ends too early")


def _lz4(packed: bytes, limit: int) -> bytes:
    """Unpack lz4's legacy frame (blocks of at most 8 MiB, each behind its length), as the kernel's Makefile makes it.

    The size that the kernel appends looks like the length of one more block, which is not there.
    """
    found: list[bytes] = []
    at = 4
    while at + 4 <= len(packed) and sum(len(one) for one in found) < limit:
        (length,) = struct.unpack_from("<I", packed, at)
        block = packed[at + 4 : at + 4 + length]
        if len(block) < length:
            if at + 4 == len(packed):
                break
            raise lz4.block.LZ4BlockError("it ends too early")
        found.append(lz4.block.decompress(block, uncompressed_size=LZ4_BLOCK))
        at += 4 + length
    return b"".join(found)


def _whole(stream: lzma.LZMADecompressor, packed: bytes, limit: int) -> bytes:
    """Unpack to the end of the stream."""
    found = stream.decompress(packed, limit)
    if not stream.eof and len(found) < limit:
        raise lzma.LZMAError("it ends too early")
    return found


MAGIC = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\0": "xz",
    b"\x5d\0\0": "lzma",
    b"\x1f\x8b": "gzip",
    b"\x02\x21\x4c\x18": "lz4",
}
UNPACK: dict[str, Callable[[bytes, int], bytes]] = {"zstd": _zstd, "xz": _xz, "lzma": _xz, "gzip": _gzip, "lz4": _lz4}
