"""Debian packages, kernel images and modules made for tests: small, and of the real shape."""

import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import lz4.block  # type: ignore[import-untyped]
import zstandard

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".gz": gzip.compress,
    "": bytes,
}


def member(name: str, content: bytes = b"", mode: int = 0o644, **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def ar(parts: Mapping[str, bytes]) -> bytes:
    found = b"!<arch>\n"
    for name, content in parts.items():
        found += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        found += content + b"\n" * (len(content) % 2)
    return found


def deb(members: Iterable[tuple[tarfile.TarInfo, bytes]], packing: str = ".xz", **control: str) -> bytes:
    """Return a .deb; `control` are its fields, a dash written as an underscore."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in control.items())
    return ar(
        {
            "debian-binary": b"2.0\n",
            "control.tar.xz": lzma.compress(tar([member("./control", fields.encode())])),
            f"data.tar{packing}": PACKERS[packing](tar(members)),
        }
    )


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def module() -> bytes:
    """Return the smallest ELF file that depmod takes for a module: no code, one table of section names."""
    names = b"\0.shstrtab\0".ljust(16, b"\0")
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(names), 0, 64, 0, 0, 64, 2, 1)
    table = struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, 64, len(names), 0, 0, 1, 0)
    return head + names + bytes(64) + table


def lz4_legacy(content: bytes) -> bytes:
    """Pack as the kernel's Makefile does: blocks of 8 MiB, each behind its length."""
    found = b"\x02\x21\x4c\x18"
    for at in range(0, len(content), 8 << 20):
        block = lz4.block.compress(content[at : at + (8 << 20)], store_size=False)
        found += struct.pack("<I", len(block)) + block
    return found


PAYLOADS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
    "zstd": zstandard.ZstdCompressor().compress,
    "lz4": lz4_legacy,
}
VMLINUX = b"\x7fELF" + b"the kernel itself" * 1000


def bzimage(packed: bytes, inside: int = len(VMLINUX)) -> bytes:
    """Return a bzImage around a payload, behind which the kernel's build writes the size of what is inside."""
    payload = packed + struct.pack("<I", inside)
    setup = bytearray(512 * 3)
    setup[0x1F1] = 2
    setup[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", setup, 0x248, 64, len(payload))
    return bytes(setup) + bytes(64) + payload + b"what follows the payload"


def zboot(packed: bytes) -> bytes:
    """Return an EFI zboot image around a payload."""
    return b"MZ\0\0zimg" + struct.pack("<II", 64, len(packed)) + bytes(48) + packed


def arm_image(content: bytes = b"code") -> bytes:
    """Return a raw arm64 Image."""
    return bytes(56) + b"ARM\x64" + content
