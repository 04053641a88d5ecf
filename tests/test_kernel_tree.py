import hashlib
import lzma
import shutil
from pathlib import Path

import pytest
import zstandard

from farm import kernel_tree as module_under_test
from farm.errors import ImageError
from farm.kernel_tree import decompress_module, kernel_tree
from farm.run import find
from farm.types import Kernel, Package
from tests.made_deb import PAYLOADS, VMLINUX, arm_image, bzimage, deb, member, module, write

RELEASE = "6.12.1+deb13-cloud-amd64"
BZIMAGE = bzimage(PAYLOADS["zstd"](VMLINUX))
needs_depmod = pytest.mark.skipif(find("depmod") is None, reason="depmod (package kmod) is not installed")


def kernel(*debs: Path) -> Kernel:
    packages = tuple(
        Package(path.stem, "1", "amd64", path.name, hashlib.sha256(path.read_bytes()).hexdigest(), 1) for path in debs
    )
    return Kernel("debian", "6.12.1-1", "cloud", "x86_64", RELEASE, packages)


def whole(tmp_path: Path, image: bytes = BZIMAGE, modules: str = "lib/modules") -> Path:
    """Return a kernel in one package, as Debian made them up to 6.18."""
    return write(
        tmp_path / "image.deb",
        deb(
            [
                member(f"./boot/vmlinuz-{RELEASE}", image),
                member(f"./boot/config-{RELEASE}", b"CONFIG_MMU=y\n"),
                member(f"./boot/System.map-{RELEASE}", b"0 T start\n"),
                member(f"./{modules}/{RELEASE}/kernel/fs/a.ko.xz", lzma.compress(module())),
                member(f"./{modules}/{RELEASE}/modules.builtin", b"kernel/mm/zswap.ko\n"),
                member(f"./{modules}/{RELEASE}/dtb/board.dtb", b"a device tree"),
                member("./usr/share/doc/a/changelog.gz", b"history"),
            ]
        ),
    )


def split(tmp_path: Path) -> list[Path]:
    """Return a kernel in three packages with the image beside the modules, as Debian makes them from 7.2 on."""
    place = f"./usr/lib/modules/{RELEASE}"
    parts = {
        "binary": [member(f"{place}/vmlinuz", BZIMAGE)],
        "modules": [member(f"{place}/kernel/fs/a.ko", module()), member(f"{place}/modules.builtin", b"")],
        "base": [member(f"{place}/config", b"CONFIG_MMU=y\n"), member(f"{place}/System.map", b"0 T start\n")],
    }
    return [write(tmp_path / f"{name}.deb", deb(members)) for name, members in parts.items()]


@needs_depmod
@pytest.mark.parametrize("modules", ["lib/modules", "usr/lib/modules"])
def test_a_kernel_of_one_package_is_laid_out_with_modules_dep(modules: str, tmp_path: Path) -> None:
    package = whole(tmp_path, modules=modules)
    tree = kernel_tree(kernel(package), [package], tmp_path / "kernels")

    assert tree.release == RELEASE
    assert tree.image.read_bytes() == BZIMAGE
    assert tree.config.read_text() == "CONFIG_MMU=y\n"
    assert tree.system_map is not None
    assert (tree.modules / "modules.dep").read_text() == "kernel/fs/a.ko.xz:\n"
    assert (tree.modules / "modules.builtin").read_text() == "kernel/mm/zswap.ko\n"
    assert tree.modules.parts[-3:] == ("lib", "modules", RELEASE)
    assert not (tree.modules / "dtb").exists()


@needs_depmod
def test_a_kernel_of_three_packages_is_laid_out_alike(tmp_path: Path) -> None:
    debs = split(tmp_path)
    tree = kernel_tree(kernel(*debs), debs, tmp_path / "kernels")

    assert tree.image.read_bytes() == BZIMAGE
    assert tree.config.read_text() == "CONFIG_MMU=y\n"
    assert (tree.modules / "modules.dep").read_text() == "kernel/fs/a.ko:\n"


@needs_depmod
def test_an_unpacked_kernel_needs_neither_its_packages_nor_a_download(tmp_path: Path) -> None:
    package = whole(tmp_path)
    one = kernel(package)
    first = kernel_tree(one, [package], tmp_path / "kernels")
    package.unlink()

    assert kernel_tree(one, lambda: pytest.fail("asked for the packages"), tmp_path / "kernels") == first


@needs_depmod
def test_a_folder_that_a_killed_run_left_is_made_anew(tmp_path: Path) -> None:
    package = whole(tmp_path)
    one = kernel(package)
    left = write(tmp_path / "kernels" / f"{one.digest}.1.2.new" / "raw" / "half", b"")
    write(tmp_path / "kernels" / one.digest / "boot" / "vmlinuz", b"half")

    assert kernel_tree(one, [package], tmp_path / "kernels").image.read_bytes() == BZIMAGE
    assert not left.exists()


@needs_depmod
def test_a_folder_of_another_layout_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = whole(tmp_path)
    image = kernel_tree(kernel(package), [package], tmp_path / "kernels").image
    image.write_bytes(b"of the old layout")
    monkeypatch.setattr(module_under_test, "LAYOUT", "next")

    assert kernel_tree(kernel(package), [package], tmp_path / "kernels").image.read_bytes() == BZIMAGE


@needs_depmod
@pytest.mark.parametrize(("image", "vmlinux"), [(BZIMAGE, VMLINUX), (arm_image(), arm_image())])
def test_what_qemu_starts_fastest_lies_beside_the_image(image: bytes, vmlinux: bytes, tmp_path: Path) -> None:
    package = whole(tmp_path, image)
    tree = kernel_tree(kernel(package), [package], tmp_path / "kernels")

    assert tree.vmlinux.read_bytes() == vmlinux
    assert tree.vmlinux.parent == tree.image.parent


@pytest.mark.parametrize("missing", ["vmlinuz", "config", "modules"])
def test_a_package_that_lacks_a_part_is_refused_and_leaves_nothing(missing: str, tmp_path: Path) -> None:
    members = {
        "vmlinuz": member(f"./boot/vmlinuz-{RELEASE}", BZIMAGE),
        "config": member(f"./boot/config-{RELEASE}", b""),
        "modules": member(f"./lib/modules/{RELEASE}/kernel/a.ko", module()),
    }
    package = write(tmp_path / "a.deb", deb([one for name, one in members.items() if name != missing]))
    with pytest.raises(ImageError, match=rf"debian-6\.12\.1-1-cloud \(x86_64\): its packages have no {missing}"):
        kernel_tree(kernel(package), [package], tmp_path / "kernels")

    assert not [path for path in (tmp_path / "kernels").iterdir() if path.is_dir()]


def test_a_module_comes_out_however_it_is_packed(tmp_path: Path) -> None:
    packed = {
        "a.ko": module(),
        "a.ko.xz": lzma.compress(module()),
        "a.ko.zst": zstandard.ZstdCompressor().compress(module()),
        "a.ko.gz": PAYLOADS["gzip"](module()),
    }
    found = {name: decompress_module(write(tmp_path / name, content)) for name, content in packed.items()}

    assert dict.fromkeys(packed, module()) == found


@pytest.mark.parametrize("content", [b"", b"text", lzma.compress(b"text"), lzma.compress(module())[:50]])
def test_what_is_no_module_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"a\.ko\.xz"):
        decompress_module(write(tmp_path / "a.ko.xz", content))


def test_a_cache_that_was_emptied_is_filled_again(tmp_path: Path) -> None:
    if find("depmod") is None:
        pytest.skip("depmod (package kmod) is not installed")
    package = whole(tmp_path)
    tree = kernel_tree(kernel(package), [package], tmp_path / "kernels")
    shutil.rmtree(tmp_path / "kernels")

    assert kernel_tree(kernel(package), [package], tmp_path / "kernels") == tree
    assert tree.vmlinux.read_bytes() == VMLINUX
