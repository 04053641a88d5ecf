"""One cell end to end: prepare, boot, ask, write. Read this first."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from farm import results
from farm.asking import Answers, ask_repeatedly
from farm.catalogue import Probe
from farm.check import Order
from farm.errors import BootError, CheckerError, FarmError, GuestError, PanicError, QemuError
from farm.guest import start
from farm.plan import Cell
from farm.prepare import Prepared, Workshop, gives
from farm.qemu import accel
from farm.qemu.argv import cpu
from farm.results import CellInfo, StoredCell, Wanted
from farm.steps import step


def answer(
    cell: Cell, shop: Workshop, root: Path, *, old: StoredCell | None = None, kept: str = "", repeat: int = 1
) -> None:
    """Run what has no answer yet of `cell` and write its folder under `root`; raises what kept it unanswered.

    `old` is the answer that there is, None to ask everything; `kept` the accelerator class of other answers.
    """
    wanted = shop.wanted(cell, accel.version(cell.arch))
    changed = results.changed_families(old.info if old else None, wanted)
    probes = [one for one in shop.probes(cell) if changed is None or shop.catalogue.probes[one].family in changed]
    info = blank(cell, wanted)
    began = time.monotonic()
    try:
        prepared = shop.prepare(cell, accelerator(cell, shop, kept))
        model = cpu(cell.arch, cell.variant, prepared.accel)
        digest = hashlib.sha256(prepared.config.encode()).hexdigest()
        info = replace(info, cpu=model, accel=prepared.accel, config_sha256=digest)
        answers = ask_repeatedly(cell, prepared, asked(cell, shop, prepared, probes), repeat)
    except FarmError as error:
        why = " ".join(error.message.split())
        stage = stage_of(error, booting=bool(info.accel))
        results.write(root, replace(info, ending="unanswered", stage=stage, why=why), console=error.tail)
        raise
    with step("write", cell.name):
        write(
            root,
            info,
            answers,
            config=prepared.config,
            old=old if changed is not None else None,
            known=shop.catalogue.probes,
            seconds=time.monotonic() - began,
        )


def asked(cell: Cell, shop: Workshop, prepared: Prepared, probes: Sequence[str]) -> Order:
    """Return the order of `probes`; those over a killed machine stand apart where images outlive their guest."""
    words = gives(cell.variant)
    when = {probe: shop.catalogue.probes[probe].kill for probe in probes}
    if "kept" not in words or "kept" in prepared.ruled_out:
        when = dict.fromkeys(probes, "")
    parts = {part: tuple(probe for probe in probes if when[probe] == part) for part in ("", "before", "after")}
    kill = (parts["before"], parts["after"])
    return Order(parts[""], tuple(sorted(words)), prepared.ruled_out, cell.arch.slowness, kill)


def stage_of(error: FarmError, *, booting: bool) -> str:
    """Return the stage in which a cell failed: prepare, boot or check; `booting`: everything was prepared."""
    if isinstance(error, BootError | PanicError | QemuError):
        return "boot"
    if isinstance(error, GuestError | CheckerError):
        return "check"
    return "boot" if booting else "prepare"


def blank(cell: Cell, wanted: Wanted) -> CellInfo:
    """Return what is known of a cell before any guest was started."""
    return CellInfo(
        kernel=cell.kernel,
        digest=wanted.kernel_digest,
        config_sha256="",
        arch=cell.arch.name,
        variant=cell.variant.name,
        variant_digest=wanted.variant_digest,
        guest_root=wanted.guest_root,
        qemu=wanted.qemu,
        families=wanted.families,
        selection=wanted.selection,
    )


def write(
    root: Path,
    info: CellInfo,
    answers: Answers,
    *,
    config: str,
    old: StoredCell | None,
    known: Mapping[str, Probe],
    seconds: float,
) -> None:
    """Write the cell's folder; records of families that were not run again are kept from `old`."""
    new = list(answers.records.values())
    fresh = {known[record.probe].family for record in new}
    kept = old.full_records() if old else []
    records = results.merge(kept, new, lambda probe: probe in known and known[probe].family not in fresh)
    oopses = answers.oopses | (set(old.info.oopses) if old else set())
    info = replace(
        info,
        page_size=answers.page_size or (old.info.page_size if old else None),
        oopses=tuple(sorted(oopses)),
        tainted=answers.tainted or bool(old and old.info.tainted),
    )
    run = {"guests": answers.guests, "seconds": seconds, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    results.write(root, info, records, config=config, run=run, console=answers.console, replace_answer=True)


def accelerator(cell: Cell, shop: Workshop, kept: str = "") -> str:
    """Return the accelerator: `kept`, that of this architecture's answers where there are some, so that cells compare.

    Else a real boot of this very cell decides.
    """
    if kept and not accel.asked_for():
        return kept

    def boots() -> None:
        start(cell, shop.prepare(cell, "kvm"), accel="kvm", seconds=accel.TRY_SECONDS).stack.close()

    return accel.choose(cell.arch, boots)
