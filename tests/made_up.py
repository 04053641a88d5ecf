"""Makes up results: kernels, cells and records that never ran, for tests and benchmarks.

The same call gives the same bytes. What changes from kernel to kernel follows from a digest of the
probe's id, so that some probes never change, some change once and some go back and forth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from farm import results
from farm.results import CellInfo
from farm.types import Ending, Kernel, Package, Record

SERIES = ("5.10.262-1", "6.1.192-1", "6.12.117-1", "6.18.9-1", "7.3.4-1~bpo13+1")
ERRNOS = ("EINVAL", "ENOMEM", "EOPNOTSUPP", "EACCES")
CALLS = ("mmap", "mremap", "mprotect", "madvise", "mlock", "msync", "brk", "prctl")
PAGE = 4096


@cache
def number(*parts: object) -> int:
    """Return a large number that depends on nothing but `parts`."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "big")


def kernel(version: str = SERIES[0], arch: str = "x86_64", flavour: str = "cloud") -> Kernel:
    """Return one kernel build with one package."""
    digest = hashlib.sha256(f"{version} {arch} {flavour}".encode()).hexdigest()
    name = f"linux-image-{version.partition('-')[0]}-{flavour}"
    package = Package(name, version, arch, f"pool/main/l/linux/{name}_{version}.deb", digest, 31_000_000)
    return Kernel("debian", version, flavour, arch, f"{version.partition('-')[0]}-{flavour}", (package,))


def info(build: Kernel | None = None, variant: str = "plain", **changes: object) -> CellInfo:
    """Return what cell.json says of an answered cell; `changes` replace single fields."""
    build = build or kernel()
    values: dict[str, object] = {
        "kernel": build,
        "digest": build.digest,
        "config_sha256": "c" * 64,
        "arch": build.arch,
        "variant": variant,
        "variant_digest": hashlib.sha256(variant.encode()).hexdigest(),
        "guest_root": "a" * 64,
        "qemu": "7.2.22",
        "families": dict.fromkeys([*CALLS, "sweep"], "f" * 64),
        "page_size": PAGE,
        "cpu": "max,cx16=off,la57=off",
        "accel": "tcg",
    }
    return CellInfo(**(values | changes))  # type: ignore[arg-type]


def record(probe: str, end: Ending = Ending.ANSWERED, why: str = "", **saw: str | int) -> Record:
    """Return a record with a trace of two calls."""
    trace = (f"mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, -1, 0) = {saw.get('mmap', 'A')}", "*A = 0")
    return Record(probe, end, dict(saw), why or ("" if end is Ending.ANSWERED else f"it {end}"), trace=trace)


@dataclass(frozen=True)
class Shape:
    """How much to make up."""

    versions: tuple[str, ...] = SERIES
    arches: tuple[str, ...] = ("x86_64", "arm64")
    variants: tuple[str, ...] = ("plain", "hugepages", "pmem-ext4")
    behaviours: int = 4  # for each system call
    probes: int = 3  # for each behaviour
    kinds: int = 4  # of mappings in sweeps
    operations: int = 6  # for each sweep

    def probe_ids(self) -> Iterator[str]:
        """Yield the ids of all probes but the sweeps."""
        for call in CALLS:
            for behaviour in range(self.behaviours):
                for probe in range(self.probes):
                    yield f"{call}.behaviour_{behaviour}.probe_{probe}"

    def versions_of(self, count: int) -> Shape:
        """Return the same with `count` made-up kernel versions, for benchmarks."""
        versions = tuple(f"6.{minor}.{minor % 7 + 1}-1" for minor in range(count))
        return Shape(versions, self.arches, self.variants, self.behaviours, self.probes, self.kinds, self.operations)


def value(probe: str, kernel_number: int, where: tuple[str, str]) -> str:
    """Return what the probe's call answers on the kernel_number-th kernel."""
    fate = number(probe, "fate") % 10
    turn = number(probe, "turn") % 5 + 1
    errno = ERRNOS[number(probe, "errno") % len(ERRNOS)]
    if fate < 5:
        return "ok"
    if fate < 8:
        return "ok" if kernel_number >= turn else errno
    if fate == 8:
        return "ok" if where[0] == "x86_64" else errno
    return "ok" if kernel_number % 3 else errno


def made_up_record(probe: str, kernel_number: int, where: tuple[str, str]) -> Record:
    """Return the record of one probe in one cell: mostly answered, at times any other ending."""
    call = probe.partition(".")[0]
    fate = number(probe, "ending", where) % 60
    if fate == 0:
        return record(probe, Ending.UNMET, f"needs dax: CONFIG_FS_DAX is not set ({where[0]})")
    if fate == 1 and kernel_number % 2:
        return record(probe, Ending.DIED, "killed by SIGBUS/BUS_ADRERR")
    if fate == 2 and kernel_number == 1:
        return record(probe, Ending.BROKEN, "no hugepages although the variant gives them")
    answer = value(probe, kernel_number, where)
    saw: dict[str, str | int] = {call: answer}
    if answer == "ok":
        saw["resident"] = ("all", "none", "some")[number(probe, "resident") % 3]
    made = f"{call}(A, 2p, PROT_READ|PROT_WRITE) = {'0' if answer == 'ok' else f'-1 {answer}'}"
    return Record(probe, Ending.ANSWERED, saw, trace=("mmap(NULL, 2p, PROT_NONE, MAP_PRIVATE, 3, 0) = A", made))


def made_up_sweep(kind: int, shape: Shape, kernel_number: int) -> Record:
    """Return one row of a sweep: one word for each operation."""
    saw: dict[str, str | int] = {}
    for operation in range(shape.operations):
        fate = number("sweep", kind, operation) % 7
        later = kernel_number >= number("since", operation) % 9
        saw[f"madv_{operation}"] = "EINVAL" if fate == 0 else "ok" if later or fate > 2 else "EINVAL"
    return Record(f"sweep.madvise.kind_{kind}", Ending.ANSWERED, saw)


def made_up_records(shape: Shape, kernel_number: int, where: tuple[str, str]) -> list[Record]:
    """Return all records of one cell."""
    made = [made_up_record(probe, kernel_number, where) for probe in shape.probe_ids()]
    return made + [made_up_sweep(kind, shape, kernel_number) for kind in range(shape.kinds)]


def made_up_config(kernel_number: int) -> str:
    """Return a kernel configuration in which one option is set from the third kernel on."""
    dax = "CONFIG_FS_DAX=y" if kernel_number > 1 else "# CONFIG_FS_DAX is not set"
    return f"CONFIG_MMU=y\n{dax}\nCONFIG_HZ=250\n"


def write_all(root: Path, shape: Shape | None = None) -> Path:
    """Write a whole results folder; the last cell is unanswered."""
    shape = shape or Shape()
    cells = [(n, v, a, w) for n, v in enumerate(shape.versions) for a in shape.arches for w in shape.variants]
    for kernel_number, version, arch, variant in cells[:-1]:
        cell = info(kernel(version, arch), variant)
        records = made_up_records(shape, kernel_number, (arch, variant))
        results.write(root, cell, records, config=made_up_config(kernel_number), run={"seconds": 12.5})
    _, version, arch, variant = cells[-1]
    why = {"ending": "unanswered", "stage": "boot", "why": "no login marker within 60 s", "page_size": None}
    results.write(root, info(kernel(version, arch), variant, **why))
    return root


def behaviour_yaml(call: str, shape: Shape) -> str:
    """Return the catalogue file of one system call."""
    lines = ["behaviours:"]
    for n in range(shape.behaviours):
        lines += [f"  {call}.behaviour_{n}:", "    listed: true", f"    condition: {call.upper()}_FLAG_{n}"]
        lines += ['    constraint: "anonymous only"', '    remark: ""', f"    says: {call} does the thing number {n}."]
        lines += ["    probes:"]
        for m in range(shape.probes):
            lines += [
                f"      probe_{m}:",
                f"        says: The {call} answers ok in case {m}.",
                f"        source: [{call}(2)]",
            ]
            lines += [f"        saw: {{{call}: [ok, EINVAL, ENOMEM, EACCES], resident: [all, none, some]}}"]
            claim = f'[{{since: "6.1", {call}: ok}}, {{until: "6.1", {call}: EINVAL}}]' if m % 2 == 0 else "[]"
            lines += ["        config: [CONFIG_FS_DAX]" if m == 1 else "        config: []", f"        claim: {claim}"]
    return "\n".join(lines) + "\n"


def sweep_yaml(shape: Shape) -> str:
    """Return the catalogue file of the sweeps."""
    lines = ["behaviours:", "  sweep.madvise:", "    listed: false", "    says: Every advice on every kind of mapping."]
    lines += ["    probes:"]
    for kind in range(shape.kinds):
        lines += [f"      kind_{kind}:", f"        says: A mapping of kind {kind}.", "        source: [madvise(2)]"]
        lines += ["        claim: []"]
    return "\n".join(lines) + "\n"


def catalogue_files(shape: Shape) -> Mapping[str, str]:
    """Return the text of each catalogue file by its name."""
    files = {f"{call}.yaml": behaviour_yaml(call, shape) for call in CALLS}
    known = "explains:\n  - id: brk_ok\n    what: brk answers ok\n    since: '6.12'\n    origin: brk(2)\n"
    known += "    probes: ['brk.*']\n    words: ['*']\n"
    return files | {"sweep.yaml": sweep_yaml(shape) + known}
