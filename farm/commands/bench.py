"""bench: the figures that the farm promises, measured here and shown as ratios to a yardstick of the same run."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from debian.debian_support import Version

from farm import cell as cells, cpio, doctor, fleet, images, load, lock, plan
from farm.arches import ARCHES, Arch
from farm.commands.chosen import Chosen, go_offline, source
from farm.errors import GuestError, PlanError
from farm.guest import start
from farm.matrix import Matrix
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.progress import Board, shown
from farm.run import run
from farm.runner import kept_accels
from farm.settings import ROOT, cache_dir

BOOTS = 5  # of each kind, taken in turns, so that a busy moment hits both
BOOT_LIMIT = 1.3  # times a bare boot, on the default matrix's architectures
OTHERS_LIMIT = 1.6  # on the others
IDLE_LIMIT = 3.0  # seconds
MATRIX_LIMIT = 600.0  # seconds
DIFF_LIMIT = 1.0  # seconds
SITE_LIMIT, AGAIN_LIMIT, DRAWN_LIMIT = 20.0, 3.0, 1.0  # seconds: the whole site, one changed cell, the index drawn
SITE_MB, INDEX_KB = 1000, 500
LARGE = "1,000 cells × 500 probes"
SECONDS = 120  # until a bare boot is given up
OFF = "memory-farm: off"
INIT = f"#!/bin/busybox sh\n/bin/busybox echo '{OFF}' >/dev/console\n/bin/busybox poweroff -f\n"


def measure(*, arch: str = "", offline: bool = False, yes: bool = False) -> int:
    """Print every figure with its limit, or the boots of `arch` alone; 0 whatever they are: a busy host is slow."""
    go_offline(offline)
    asked = Chosen().read()
    shop = fleet.workshop(lock.load(), source(asked))
    print(f"load of this host: {os.getloadavg()[0]:.1f} (the figures mean an idle one)")
    only = plan.known_arches(arch, "--arch")
    for figures in () if only else (matrix_figures(asked, shop), diff_figure(), site_figures()):
        for line in figures:
            print(line)
    for name in only or asked.arches:
        kernel = newest(shop, ARCHES[name]) if only else asked.kernels[-1]
        one = plan.cell_named(f"{kernel}/{name}/plain", shop.lock)
        doctor.ensure([*doctor.GUESTS, *doctor.of_arch(one.arch, [one.variant])], yes=yes)
        print(boot_figure(one, shop, asked, BOOT_LIMIT if name in asked.arches else OTHERS_LIMIT))
    return 0


def newest(shop: Workshop, arch: Arch) -> str:
    """Return the newest build that is locked for `arch` and not unusable there; PlanError where there is none."""
    here = [one for one in shop.lock.kernels if one.arch == arch.name and one.flavour == arch.flavour]
    usable = [one for one in here if one.version not in arch.unusable]
    if not usable:
        raise PlanError(f"no kernel is locked for {arch.name}", hint="./inv kernels --update")
    return max(usable, key=lambda one: Version(one.version)).name


def figure(what: str, value: float, limit: float, unit: str) -> str:
    """Return one figure as a line: value, limit, and the ratio of the two."""
    verdict = "" if value <= limit else "  ABOVE"
    return f"{what:<62} {value:6.2f} {unit}, limit {limit:g}: {value / limit:.2f}{verdict}"


def matrix_figures(asked: Matrix, shop: Workshop) -> list[str]:
    """Return how long the matrix takes: in full, from the times of its last run, and with nothing to do."""
    planned = Chosen().cells(asked)
    took = list(load.earlier(planned, asked.results).values())
    lines = []
    if len(took) == len(planned):
        jobs = Chosen().guests(asked)
        lines.append(
            figure(f"{len(took)} cells, {jobs} at a time, as they last ran", sum(took) / jobs, MATRIX_LIMIT, "s")
        )
    else:
        lines.append(
            f"{len(took)} of {len(planned)} cells were timed on this host; ./inv matrix --fresh times them all"
        )
    if any(why for _, why in fleet.todo(planned, shop, asked.results)):
        return [*lines, "some cells have no answer yet, so a matrix with nothing to do cannot be timed"]
    began = time.monotonic()
    run([sys.executable, "-P", "-m", "farm.program", "matrix", "--offline"], cwd=ROOT)
    return [*lines, figure("./inv matrix with nothing to do", time.monotonic() - began, IDLE_LIMIT, "s")]


def diff_figure() -> list[str]:
    """Return how long two kernels of the committed results take to be compared; the fastest of some runs."""
    took = []
    for _ in range(BOOTS):
        began = time.monotonic()
        run([sys.executable, "-P", "-m", "farm.program", "diff", "6.1", "6.18"], cwd=ROOT, check=False)
        took.append(time.monotonic() - began)
    return [figure("./inv diff 6.1 6.18", min(took), DIFF_LIMIT, "s")]


def site_figures() -> list[str]:
    """Return what a large site of made-up results takes, and its index in Chromium."""
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        told = json.loads(run([sys.executable, "-m", "tests.large_site", folder], cwd=ROOT, timeout=1200).stdout)
    full, again = told["full"], told["again"]
    lines = [
        figure(f"site of {LARGE} ({full['cpu']:.1f} s of the CPU)", full["wall"], SITE_LIMIT, "s"),
        figure("its memory", full["mb"], SITE_MB, "MB"),
        figure(f"after one changed cell ({again['cpu']:.1f} s of the CPU)", again["wall"], AGAIN_LIMIT, "s"),
        figure("its index", told["index"] / 1000, INDEX_KB, "kB"),
    ]
    if told["drawn"] is None:
        return [*lines, "no chromium or no playwright here: how fast the index is drawn is not known"]
    return [*lines, figure("its index loaded and drawn by Chromium", told["drawn"], DRAWN_LIMIT, "s")]


def boot_figure(one: Cell, shop: Workshop, asked: Matrix, limit: float) -> str:
    """Return how long a guest takes to its first answer over SSH, against a bare boot of the same kernel."""
    with shown(Board()):
        accel = cells.accelerator(one, shop, kept_accels(asked.results).get(one.arch.name, ""))
        prepared = shop.prepare(one, accel)
    ours, bare = [], []
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        initrd = Path(folder) / "initrd"
        initrd.write_bytes(bare_initrd(shop, one.arch))
        tree = shop.kernel(one.kernel)
        # Of packed images QEMU unpacks x86's alone, so that the stock one is a yardstick there only.
        image = tree.vmlinux if one.arch.unpack == "vmlinux" and one.arch.debian != "amd64" else tree.image
        for _ in range(BOOTS):
            bare.append(bare_boot(bare_argv(one.arch, image, initrd, accel)))
            ours.append(first_answer(one, prepared))
    both = f"{statistics.median(ours):.2f} s against {statistics.median(bare):.2f} s"
    ratio = statistics.median(ours) / statistics.median(bare)
    return figure(f"{one.arch.name} {one.kernel.series}: first answer over SSH ({both})", ratio, limit, "x")


def first_answer(one: Cell, prepared: Prepared) -> float:
    """Boot a guest and return the seconds from QEMU's start to the first answer over SSH."""
    with start(one, prepared) as guest:
        return guest.seconds["answer"]


def bare_initrd(shop: Workshop, arch: Arch) -> bytes:
    """Return an initramfs of busybox alone, whose init powers off."""
    tree = cache_dir() / "roots" / images.root_digest(shop.root_packages(arch))
    found = next(path for path in (tree / "bin/busybox", tree / "usr/bin/busybox") if path.is_file())
    return cpio.archive(
        [
            cpio.folder("bin"),
            cpio.folder("dev"),
            cpio.Entry("dev/console", 0o020600, device=(5, 1)),
            cpio.file("bin/busybox", found.read_bytes(), 0o755),
            cpio.file("init", INIT.encode(), 0o755),
        ]
    )


def bare_argv(arch: Arch, image: Path, initrd: Path, accel: str) -> list[str]:
    """Return the yardstick: the stock image, the same machine and CPU, quiet, and no lever besides."""
    return [
        "setpriv", "--pdeathsig", "KILL", arch.qemu,
        "-M", arch.machine, "-cpu", arch.kvm_cpu if accel == "kvm" else arch.cpu, "-accel", accel, "-m", "512M",
        "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio", "-monitor", "none",
        "-kernel", str(image), "-initrd", str(initrd), "-append", f"console={arch.console} quiet panic=-1",
    ]  # fmt: skip


def bare_boot(argv: Sequence[str]) -> float:
    """Boot and return the seconds until the guest has powered off; GuestError where it never came to its init."""
    began = time.monotonic()
    done = run(argv, timeout=SECONDS)
    if OFF.encode() not in done.stdout:
        raise GuestError("a bare boot did not reach its init", tail=done.stdout.decode(errors="replace")[-2000:])
    return time.monotonic() - began
