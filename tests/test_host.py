"""This machine's own kernel: which build it is, which one apt would install, and what of it is here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from farm.catalogue import load
from farm.errors import PlanError
from farm.lock import Lock
from farm.prepare import Workshop
from farm.run import find
from farm.sources import host
from farm.sources.apt import Archive
from tests.made_deb import PAYLOADS, VMLINUX, bzimage, module

RELEASE = "6.12.117+deb13-amd64"
CONFIG = "CONFIG_MMU=y\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with a Debian kernel, laid out as its packages do."""
    root = tmp_path / "machine"
    modules = root / "lib" / "modules" / RELEASE
    (modules / "kernel" / "fs").mkdir(parents=True)
    (modules / "kernel" / "fs" / "a.ko").write_bytes(module())
    (modules / "modules.builtin").write_text("")
    (modules / "build").symlink_to("/usr/src/linux-headers")
    (root / "boot").mkdir()
    (root / "boot" / f"vmlinuz-{RELEASE}").write_bytes(bzimage(PAYLOADS["zstd"](VMLINUX)))
    (root / "boot" / f"config-{RELEASE}").write_text(CONFIG)
    (root / "proc").mkdir()
    (root / "proc" / "version").write_text(f"Linux version {RELEASE} (gcc) #1 SMP Debian 6.12.117-1 (2026-10-01)\n")
    return root


def test_a_kernel_of_debian_is_known_by_its_package_version_and_flavour(root: Path) -> None:
    found = host.kernel("x86_64", RELEASE, root)
    assert ("host-6.12.117-1-generic", "6.12", RELEASE) == (found.name, found.series, found.release)


def test_a_kernel_that_is_not_debians_is_known_by_its_release(root: Path) -> None:
    own = "6.13.0-mine"
    for path in sorted(root.rglob(f"*{RELEASE}*")):
        path.rename(path.with_name(path.name.replace(RELEASE, own)))
    assert "host-6.13.0-mine" == host.kernel("x86_64", own, root).name


def test_a_changed_module_is_another_kernel(root: Path) -> None:
    before = host.kernel("x86_64", RELEASE, root).digest
    assert before == host.kernel("x86_64", RELEASE, root).digest
    (root / "lib" / "modules" / RELEASE / "kernel" / "fs" / "a.ko").write_bytes(b"other")
    assert before != host.kernel("x86_64", RELEASE, root).digest


@pytest.mark.parametrize("part", ["boot/vmlinuz-{}", "boot/config-{}", "lib/modules/{}"])
def test_what_is_not_there_is_named(part: str, root: Path) -> None:
    path = root / part.format(RELEASE)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(PlanError, match=path.name.replace("+", r"\+")):
        host.kernel("x86_64", RELEASE, root)


@pytest.mark.skipif(find("depmod") is None, reason="depmod (package kmod) is not installed")
def test_guests_get_a_copy_of_image_configuration_and_modules(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "ROOT", root)
    shop = Workshop(Lock(), load(), Archive({}), {})
    tree = shop.kernel(host.kernel("x86_64", RELEASE, root))
    assert CONFIG == tree.config.read_text()
    assert VMLINUX == tree.vmlinux.read_bytes()
    assert {"kernel", "modules.dep"} <= {path.name for path in tree.modules.iterdir()}
    assert not (tree.modules / "build").is_symlink()


APT = """linux-image-amd64:
  Installed: 6.12.100-1
  Candidate: 6.12.117-1
  Version table:
     6.12.117-1 500
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that say what dpkg and apt say on a machine that runs an older build."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, says in (("dpkg-query", "6.12.100-1"), ("apt-cache", APT)):
        (programs / name).write_text(f"#!/bin/sh\nprintf %s '{says}'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(host, "release", lambda: "6.12.100+deb13-amd64")
    return programs


@pytest.mark.usefixtures("machine")
def test_without_names_it_is_from_the_running_build_to_the_one_that_apt_would_install() -> None:
    assert ("debian-6.12.100-1-generic", "debian-6.12.117-1-generic") == host.upgrade("x86_64")


def test_apt_may_offer_nothing(machine: Path) -> None:
    (machine / "apt-cache").write_text("#!/bin/sh\necho '  Candidate: (none)'\n")
    with pytest.raises(PlanError, match="apt offers no linux-image-amd64"):
        host.upgrade("x86_64")


@pytest.mark.usefixtures("machine")
def test_a_kernel_that_is_not_debians_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "release", lambda: "6.18.44-custom")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PlanError, match="no build of Debian's"):
        host.upgrade("x86_64")
