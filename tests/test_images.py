import stat
import subprocess
from pathlib import Path

import pytest

from farm import cpio, disks, images, pmem
from farm.errors import ImageError
from farm.modules import ModuleTree
from farm.session import make_keys
from farm.variants import VARIANTS, Image

DEP = """\
kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/failover.ko.xz kernel/drivers/net/net_failover.ko.xz
kernel/drivers/net/net_failover.ko.xz: kernel/net/core/failover.ko.xz
kernel/net/core/failover.ko.xz:
kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/lib/crc16.ko
kernel/fs/jbd2/jbd2.ko:
kernel/lib/crc16.ko:
kernel/crypto/crc32c-generic.ko:
"""


@pytest.fixture
def tree(tmp_path: Path) -> ModuleTree:
    (tmp_path / "modules.dep").write_text(DEP)
    (tmp_path / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    return ModuleTree(tmp_path)


def names(paths: list[Path]) -> list[str]:
    return [path.name.split(".")[0] for path in paths]


def test_a_module_comes_after_everything_that_it_needs(tree: ModuleTree) -> None:
    assert names(tree.order(["virtio_net"])) == ["failover", "net_failover", "virtio_net"]


def test_a_module_is_loaded_once(tree: ModuleTree) -> None:
    assert names(tree.order(["net_failover", "virtio_net"])) == ["failover", "net_failover", "virtio_net"]


def test_what_is_built_in_is_not_loaded(tree: ModuleTree) -> None:
    assert tree.order(["virtio_pci"]) == []


def test_a_name_may_be_written_with_either_dash(tree: ModuleTree) -> None:
    assert names(tree.order(["crc32c_generic"])) == ["crc32c-generic"]


def test_a_module_that_may_be_missing_is_left_out(tree: ModuleTree) -> None:
    assert tree.order(["?nfit"]) == []


def test_a_module_that_must_be_there_is_an_error_that_names_it(tree: ModuleTree) -> None:
    with pytest.raises(ImageError, match="no module nfit"):
        tree.order(["nfit"])


def test_the_hosts_cpio_reads_our_archives(tmp_path: Path) -> None:
    data = cpio.archive(
        [cpio.folder("etc"), cpio.file("etc/motd", b"hello\n", 0o640), cpio.link("bin", "usr/bin"), cpio.folder("usr")]
    )
    assert len(data) % 4 == 0
    if subprocess.run(["which", "cpio"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no cpio on this host")
    subprocess.run(["cpio", "-idm", "--quiet"], input=data, cwd=tmp_path, check=True)
    assert (tmp_path / "etc/motd").read_bytes() == b"hello\n"
    assert stat.S_IMODE((tmp_path / "etc/motd").stat().st_mode) == 0o640
    assert (tmp_path / "bin").readlink() == Path("usr/bin")


def test_every_member_begins_on_a_word() -> None:
    data = cpio.archive([cpio.file("a" * n, b"x" * n) for n in range(1, 9)])
    at = 0
    found = []
    while data[at : at + 6] == b"070701":
        size, name = int(data[at + 54 : at + 62], 16), int(data[at + 94 : at + 102], 16)
        found.append(data[at + 110 : at + 110 + name - 1].decode())
        at += 110 + name + -(110 + name) % 4
        at += size + -size % 4
    assert found == [*("a" * n for n in range(1, 9)), "TRAILER!!!"]


def test_the_last_part_has_this_runs_keys_and_nobody_else_can_read_them() -> None:
    keys = make_keys()
    data = images.run_part(keys, VARIANTS["pmem-ext4"])
    assert keys.authorized in data
    assert b"mount -t ext4 -o dax /dev/pmem0 /mnt/dax\n" in data
    assert data.count(b"%08X" % 0o100600) == 2


def test_the_root_digest_changes_with_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from farm.types import Package

    package = Package("busybox-static", "1", "amd64", "pool/b.deb", "ab" * 32, 10)
    other = Package("busybox-static", "2", "amd64", "pool/b2.deb", "cd" * 32, 10)
    assert images.root_digest([package]) != images.root_digest([other])
    before = images.root_digest([package])
    monkeypatch.setattr(images, "init_script", lambda: b"#!/bin/sh\n")
    assert images.root_digest([package]) != before


def test_the_info_block_carries_its_own_checksum() -> None:
    block = pmem.info_block(128 << 20)
    assert block[:16] == b"NVDIMM_PFN_INFO\0"
    stored = int.from_bytes(block[-8:], "little")
    assert stored == pmem.fletcher64(block[:-8] + bytes(8))


def test_the_data_of_a_namespace_begin_behind_its_memory_map() -> None:
    assert pmem.data_offset(128 << 20) == 4 << 20
    assert pmem.data_offset(16 << 30) % pmem.ALIGN == 0
    assert pmem.data_offset(16 << 30) >= 8192 + 64 * (16 << 30) // 4096


def test_fletcher64_is_order_sensitive() -> None:
    assert pmem.fletcher64(bytes([1, 0, 0, 0, 2, 0, 0, 0])) == (4 << 32) | 3
    assert pmem.fletcher64(bytes([2, 0, 0, 0, 1, 0, 0, 0])) == (5 << 32) | 3


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FARM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# mkfs.xfs numbers its inodes' generations by chance.
@pytest.mark.parametrize("kind", sorted(set(disks.KINDS) - {"fsdax-xfs", "fsdax-reflink"}))
def test_an_image_made_twice_has_the_same_bytes(kind: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = disks.make(Image("one", kind, 32)).read_bytes()
    monkeypatch.setenv("FARM_CACHE", str(cache / "other"))
    assert disks.make(Image("one", kind, 32)).read_bytes() == first


@pytest.mark.usefixtures("cache")
def test_the_file_system_of_a_namespace_lies_behind_its_block() -> None:
    path = disks.make(Image("pmem", "fsdax-ext4", 128))
    with path.open("rb") as image:
        image.seek(pmem.PFN_AT)
        assert image.read(16) == b"NVDIMM_PFN_INFO\0"
        image.seek(pmem.data_offset(128 << 20) + 1024 + 56)
        assert image.read(2) == b"\x53\xef"


@pytest.mark.usefixtures("cache")
def test_a_kind_of_image_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(ImageError, match="kind floppy"):
        disks.make(Image("a", "floppy", 1))


@pytest.mark.usefixtures("cache")
def test_images_are_made_for_the_page_size_of_the_guest() -> None:
    swap = disks.make(Image("swap", "swap", 32), 16384).read_bytes()
    assert b"SWAPSPACE2" == swap[16384 - 10 : 16384]
    offset = pmem.data_offset(128 << 20, 16384)
    assert 32 << 20 == offset
    with disks.make(Image("pmem", "fsdax-ext4", 128), 16384).open("rb") as image:
        image.seek(offset + 1024 + 24)
        assert 4 == int.from_bytes(image.read(4), "little")  # s_log_block_size: 1024 << 4
