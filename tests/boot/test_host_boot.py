"""This machine's own kernel in a guest: an unpacked Debian kernel plays the machine."""

import shutil
from pathlib import Path

import pytest

from farm import results
from farm.cell import answer
from farm.plan import Cell
from farm.sources import host
from tests.boot.conftest import Bench

pytestmark = pytest.mark.qemu


def test_the_machines_own_kernel_is_copied_booted_and_asked(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_ACCEL", "tcg")
    like = bench.cell("6.12", "x86_64", "hugepages")
    tree, release, root = bench.shop.kernel(like.kernel), like.kernel.release, tmp_path / "machine"
    for place in ("boot", "lib/modules", "proc"):
        (root / place).mkdir(parents=True)
    shutil.copy(tree.image, root / "boot" / f"vmlinuz-{release}")
    shutil.copy(tree.config, root / "boot" / f"config-{release}")
    shutil.copytree(tree.modules, root / "lib" / "modules" / release, symlinks=True)
    (root / "proc" / "version").write_text(f"Linux version {release} (gcc) Debian {like.kernel.version}\n")
    monkeypatch.setattr(host, "ROOT", root)
    cell = Cell(host.kernel("x86_64", release), like.arch, like.variant)
    answer(cell, bench.shop, tmp_path / "results")
    found = results.scan(tmp_path / "results").cell(cell.kernel.name, "x86_64", "hugepages")
    assert found is not None
    assert ("host", like.kernel.version, release) == (
        found.info.kernel.source,
        found.info.kernel.version,
        found.info.kernel.release,
    )
    assert [] == [probe for probe, record in found.records.items() if not record.end.is_answer]
