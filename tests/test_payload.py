import pytest

from farm.errors import ImageError
from farm.payload import decompress, extract_vmlinux
from tests.made_deb import PAYLOADS, VMLINUX, arm_image, bzimage, zboot


@pytest.mark.parametrize("packing", PAYLOADS)
def test_the_elf_inside_a_bzimage_comes_out_however_it_is_packed(packing: str) -> None:
    assert extract_vmlinux(bzimage(PAYLOADS[packing](VMLINUX))) == VMLINUX


@pytest.mark.parametrize("packing", PAYLOADS)
def test_the_image_inside_a_zboot_file_comes_out_however_it_is_packed(packing: str) -> None:
    assert extract_vmlinux(zboot(PAYLOADS[packing](arm_image()))) == arm_image()


def test_a_gzipped_image_comes_out() -> None:
    assert extract_vmlinux(PAYLOADS["gzip"](arm_image())) == arm_image()


@pytest.mark.parametrize("image", [arm_image(), VMLINUX])
def test_what_qemu_loads_as_it_is_stays_as_it_is(image: bytes) -> None:
    assert extract_vmlinux(image) is image


def test_a_kernel_of_more_than_one_lz4_block_comes_out_whole() -> None:
    vmlinux = VMLINUX * 1100  # 18 MiB

    assert extract_vmlinux(bzimage(PAYLOADS["lz4"](vmlinux), len(vmlinux))) == vmlinux


def refused(image: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        extract_vmlinux(image)
    return caught.value.message


def test_an_image_of_an_unknown_kind_says_how_it_begins() -> None:
    assert refused(b"#!/bin/sh\n") == "a kernel image of an unknown kind, beginning with 23212f62696e2f73"


def test_a_payload_of_an_unknown_kind_says_how_it_begins() -> None:
    assert "beginning with 425a6839" in refused(bzimage(b"BZh9 and so on"))


def test_a_payload_that_is_no_elf_file_is_refused() -> None:
    assert refused(bzimage(PAYLOADS["xz"](b"something else"))) == "bzImage: its payload is not an ELF file"


@pytest.mark.parametrize("packing", PAYLOADS)
def test_half_a_payload_is_refused(packing: str) -> None:
    packed = PAYLOADS[packing](bytes(range(256)) * 400)

    with pytest.raises(ImageError):
        decompress(packed[: len(packed) // 2], "half", 1 << 20)


@pytest.mark.parametrize("packing", PAYLOADS)
def test_a_payload_that_unpacks_to_too_much_is_refused(packing: str) -> None:
    with pytest.raises(ImageError, match="unpacks to more than 1000 bytes"):
        decompress(PAYLOADS[packing](bytes(100_000)), "bomb", 1000)


@pytest.mark.parametrize("cut", [0, 1, 0x1F1, 0x206, 0x24A, 600])
def test_an_image_that_ends_anywhere_is_refused(cut: int) -> None:
    assert refused(bzimage(PAYLOADS["gzip"](VMLINUX))[:cut])
