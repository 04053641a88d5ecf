"""One cell answered on another machine: what travels there, what comes back, and what that machine offers.

The other machine has this project at the same state, a store of its own and its own results folder for errands: a
finished cell lies there before it travels, so that a caller who lost the connection gets it without a boot.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm import build, catalogue, load, lock, results
from farm.arches import ARCHES
from farm.cell import answer
from farm.errors import FarmError, FetchError, ResultsError
from farm.guest import run_folder
from farm.plan import Cell
from farm.prepare import Workshop, variant_digest
from farm.qemu import accel
from farm.settings import ROOT, cache_dir
from farm.sources.apt import Archive, archive
from farm.variants import VARIANTS

FILES = ("cell.json", "records.jsonl", "traces.jsonl.zst", "run.json", "console.log")
MANY = 1000.0  # of a thing that is there or not


@dataclass(frozen=True, slots=True)
class Parcel:
    """The files of one cell with their digest; `error` is what kept it unanswered."""

    files: Mapping[str, bytes]
    digest: str
    error: FarmError | None = None

    def checked(self, name: str) -> Mapping[str, bytes]:
        """Return the files; ResultsError where they are not those that were packed."""
        if self.digest != digest_of(self.files):
            raise ResultsError(f"{name}: its files changed on the way from the worker", hint="run it again")
        return self.files


@dataclass(frozen=True, slots=True)
class Errand:
    """One cell to answer elsewhere; `old` are the files of the answer that there is, empty to ask everything."""

    cell: Cell
    old: Mapping[str, bytes] = field(default_factory=dict)
    kept: str = ""
    repeat: int = 1
    all_probes: bool = False
    token: str = ""

    @property
    def key(self) -> str:
        """Name the errand: the same question of the same caller is answered once."""
        return build.digest(self.cell.name, self.token, digest_of(self.old), str(self.repeat), str(self.all_probes))


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the sha256 over names and contents."""
    return build.digest(*(part for name in sorted(files) for part in (name, files[name])))


@functools.cache
def fingerprint() -> str:
    """Return the digest of everything in this project that an answer depends on: probes, guests, the farm's code."""
    known = catalogue.load()
    guests = [
        variant_digest(arch, variant, version)
        for arch in ARCHES.values()
        for variant in VARIANTS.values()
        for version in ("", *variant.fails.get(arch.name, {}))
    ]
    code = [path.read_bytes() for path in sorted((ROOT / "farm").rglob("*.py"))]
    return build.digest(*sorted(build.family_digests(known).values()), *guests, *code, lock.PATH.read_bytes())


def state() -> str:
    """Return the Dask resource that only workers at the same state of this project have."""
    return f"FARM-{fingerprint()[:16]}"


def offers(jobs: int) -> dict[str, float]:
    """Return what this machine has for guests, as Dask resources.

    Slots, GB of memory, each QEMU with its version, KVM per architecture, and this state of the farm.
    """
    qemus = {f"{arch.qemu}-{found}": MANY for arch in ARCHES.values() if (found := accel.version(arch))}
    native = {f"KVM-{arch.name}": MANY for arch in ARCHES.values() if accel.possible(arch)}
    return {state(): MANY, "QEMU": float(jobs), "MEM_GB": round(load.free() / 1024, 2), **qemus, **native}


@functools.cache
def _workshop(all_probes: bool) -> Workshop:
    """Return this process's workshop; made once, kernels and checkers in it are shared by its cells."""
    known = catalogue.load()
    try:
        source = archive(None)
    except FetchError:
        source = Archive({})  # everything may be in the store already
    return Workshop(lock.load(), known, source, build.family_digests(known), everything=all_probes)


def run(errand: Errand) -> Parcel:
    """Answer a cell here and return its files; what a killed caller had asked for is not run again."""
    root = cache_dir() / "errands" / errand.key
    place = root / errand.cell.name
    shop = _workshop(errand.all_probes)
    stored = results.one(root, errand.cell.name)
    if stored is None and errand.old:
        unpack(errand.old, place)
        stored = results.one(root, errand.cell.name)
    wanted = shop.wanted(errand.cell, accel.version(errand.cell.arch))
    error: FarmError | None = None
    if results.why_not_answered(stored.info if stored else None, wanted):
        try:
            answer(errand.cell, shop, root, old=stored, kept=errand.kept, repeat=errand.repeat)
        except FarmError as failure:
            error = failure
    files = pack(place)
    return Parcel(files, digest_of(files), error)


def pack(place: Path) -> dict[str, bytes]:
    """Return the files of the cell in `place`, and its kernel's configuration."""
    paths = [*(place / name for name in FILES), place.parent / "config"]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def unpack(files: Mapping[str, bytes], place: Path) -> None:
    """Write the files of a cell as its folder; the names are ours, whatever the parcel says."""
    place.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name in files:
            (place / name).write_bytes(files[name])
    if "config" in files:
        (place.parent / "config").write_bytes(files["config"])


def deliver(files: Mapping[str, bytes], name: str, root: Path) -> None:
    """Put a cell that came back under `root`, whole or not at all, and only after it could be read."""
    with run_folder() as aside:
        unpack(files, aside / name)
        info = results.read_info(aside / name)
        stored = results.StoredCell(info, aside / name)
        records = stored.full_records()
        if stored.problems:
            raise ResultsError(f"{name} came back broken: {stored.problems[0].what}", hint="run it again")
        results.write(
            root,
            info,
            records,
            config=files.get("config", b"").decode("utf-8", "surrogateescape"),
            run=json.loads(files.get("run.json", b"{}")),
            console=files.get("console.log", b""),
            replace_answer=info.answered,
        )
