"""Debian's own archive keeps what the one made for tests keeps."""

import pytest

from farm.kernel_tree import kernel_tree
from farm.lock import load
from farm.sources.apt import Suite, archive
from tests.archive_contract import ArchiveContract

pytestmark = pytest.mark.network


class TestDebians(ArchiveContract):
    @pytest.fixture(autouse=True)
    def the_archive(self) -> None:
        self.archive, self.suite = archive(), Suite("trixie-backports")


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_a_locked_kernel_is_downloaded_and_unpacked(arch: str) -> None:
    kernel = load().find("6.12", arch, "cloud")
    tree = kernel_tree(kernel, archive().debs(kernel))

    assert tree.release == kernel.release
    assert "CONFIG_MMU=y" in tree.config.read_text()
    assert (tree.modules / "modules.dep").stat().st_size > 10_000
    assert tree.vmlinux.stat().st_size > 20 << 20
