"""A fleet with real store, archive, unpacking and results, and made-up guests, on a web that a test lets fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import farm.asking
from farm import fleet
from farm.arches import ARCHES
from farm.catalogue import load
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.qemu import accel
from farm.runner import FleetOptions
from farm.sources.apt import Archive
from farm.types import Kernel, Package
from farm.variants import VARIANTS
from tests.made_archive import MadeArchive
from tests.made_deb import PAYLOADS, VMLINUX, bzimage, deb, member, module
from tests.test_fleet import ROOT, YAML, Fake
from tests.web import HOST, Answer, Web, running

SOUND, FAULTY = "6.1.1-1", "6.12.1-1"
VARIANT_NAMES = ("plain", "hugepages")


def package(version: str) -> bytes:
    """Return a whole kernel in one package."""
    release = release_of(version)
    place = f"./lib/modules/{release}"
    return deb(
        [
            member(f"./boot/vmlinuz-{release}", bzimage(PAYLOADS["gzip"](VMLINUX))),
            member(f"./boot/config-{release}", f"CONFIG_OF={version}\n".encode()),
            member(f"{place}/kernel/fs/a.ko", module()),
            member(f"{place}/modules.builtin", b""),
            member(f"./boot/System.map-{release}", hashlib.sha256(version.encode()).digest() * 4096),
        ],
        packing="",
    )


def release_of(version: str) -> str:
    return f"{version.partition('-')[0]}-cloud-amd64"


BODIES = {version: package(version) for version in (SOUND, FAULTY)}
BODY = BODIES[FAULTY]


def path_of(version: str) -> str:
    return f"pool/main/l/linux/linux-image-{release_of(version)}_{version}_amd64.deb"


def locked(version: str, area: str = "main") -> Kernel:
    body = BODIES[version]
    digest = hashlib.sha256(body).hexdigest()
    name = f"linux-image-{release_of(version)}"
    one = Package(name, version, "amd64", path_of(version), digest, len(body), area=area)
    return Kernel("debian", version, "cloud", "x86_64", release_of(version), (one,))


class Workplace:
    """A fleet of two kernels with two variants each, a web that has both, and what runs left in `folder`."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.made = MadeArchive(web, folder)
        self.folder = folder
        for version, body in BODIES.items():
            self.made.put(path_of(version), body)
            self.made.put(path_of(version), body, "security")
        (folder / "catalogue").mkdir()
        for call in ("mmap", "brk"):
            (folder / "catalogue" / f"{call}.yaml").write_text(YAML.format(call=call))

    def cells(self, area: str) -> list[Cell]:
        kernels = (locked(SOUND), locked(FAULTY, area))
        return [Cell(one, ARCHES["x86_64"], VARIANTS[name]) for one in kernels for name in VARIANT_NAMES]

    def run(self, archive: Archive | None = None, *, area: str = "main", into: str = "results") -> Summary:
        known = load(self.folder / "catalogue")
        digests = {"mmap": "1" * 64, "brk": "2" * 64}
        shop = Workshop(Lock((), {"amd64": (ROOT,)}), known, archive or self.made.archive(), digests)
        return fleet.run(self.cells(area), shop, FleetOptions(jobs=2, results=self.folder / into))

    def answered_by(self, answers: tuple[bytes | Answer, ...], area: str) -> None:
        """Let the web answer so where the faulty kernel is asked for."""
        for one in ("main", "security") if area == "main" else (area,):
            self.made.web.pages.pop(f"{HOST}/{'debian' if one == 'main' else 'debian-security'}/{path_of(FAULTY)}")
        self.made.web.put(f"debian/{path_of(FAULTY)}", *answers)

    def sound(self) -> None:
        self.made.put(path_of(FAULTY), BODY)
        self.made.put(path_of(FAULTY), BODY, "security")

    def left(self) -> list[Path]:
        """Return what a download, an unpacking or a writer made aside."""
        parts = [*self.folder.rglob("*.part"), *self.folder.rglob("*.new"), *self.folder.rglob("*.tag")]
        return sorted([*parts, *(self.folder / "results").rglob(".*")])


def prepare(self: Workshop, cell: Cell, accelerator: str) -> Prepared:
    """Have the kernel, which is all that a made-up guest needs."""
    config = self.kernel(cell.kernel).config.read_text()
    return cast("Prepared", SimpleNamespace(accel=accelerator, config=config, ruled_out={}))


@contextmanager
def workplace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """Yield a place to run in; what stands between packages and results is made up."""
    monkeypatch.setattr(farm.asking, "ask_all", Fake().ask_all)
    monkeypatch.setattr(Workshop, "prepare", prepare)
    monkeypatch.setattr(Workshop, "checker", lambda *_: b"")
    monkeypatch.setattr(accel, "version", lambda _: "7.2.22")
    monkeypatch.setenv("FARM_ACCEL", "tcg")
    with running() as web:
        yield Workplace(web, folder)
