"""Builds the checker: what ties it to the catalogue is generated here, so that neither can lack the other.

    catalogue ─► <family>.h (a prototype per probe) ─► objects by digest ─► checker-<target>
              └► registry.c (id, function, needs) ─────┘

A probe without a row has no prototype and does not compile; a row without a probe does not link.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from farm.catalogue import GUEST, Catalogue, Probe
from farm.errors import BuildError
from farm.run import run
from farm.settings import cache_dir

# fmt: off
FLAGS = (
    "-O2", "-std=gnu2x", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64",
    # Faults are the subject: the compiler must neither add traps nor reason that a touch cannot fault.
    "-fno-sanitize=all", "-fno-delete-null-pointer-checks", "-fno-stack-protector",
    "-Wall", "-Wextra", "-Werror", "-Wmissing-prototypes", "-Wshadow", "-Wvla",
    # mips64: zig asks for no position-independent code, which that ABI does not know.
    "-Wno-option-ignored",
)
LINK = ("-static", "-s")
# fmt: on
TAIL = 8000
BUILD_SECONDS = 600  # the first build for a target makes its libc, on a slow host


def compiler_version() -> str:
    """Return the version of the compiler, which every family digest holds."""
    return importlib.metadata.version("ziglang")


def function(probe: str) -> str:
    """Return the C function of a probe id: dots become double underscores."""
    return "probe_" + probe.replace(".", "__")


def header(probes: Iterable[str]) -> str:
    """Return the prototypes of a family's probes."""
    lines = ["/* generated from the catalogue */", '#include "probe.h"', ""]
    return "\n".join([*lines, *(f"void {function(probe)}(void);" for probe in sorted(probes)), ""])


def registry(probes: Iterable[Probe]) -> str:
    """Return the C table of all probes, sorted by id: id, function, needs."""
    rows = sorted(probes, key=lambda probe: probe.id)
    lines = ["/* generated from the catalogue */", '#include "internal.h"', ""]
    lines += [f"void {function(probe.id)}(void);" for probe in rows]
    lines += ["", "const struct probe probes[] = {"]
    lines += [f'\t{{"{probe.id}", {function(probe.id)}, "{" ".join(probe.needs)}"}},' for probe in rows]
    lines += ["};", "const size_t probe_count = sizeof(probes) / sizeof(probes[0]);", ""]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Unit:
    """One file to compile: its name in messages, its text, and the text of the header generated for it."""

    name: str
    text: bytes
    header: str = ""


def sources(guest: Path) -> list[Path]:
    """Return every file of the checker's library, tables and probes, in a fixed order."""
    found = (path for folder in ("lib", "tables", "probes") for path in (guest / folder).glob("*"))
    return sorted(path for path in found if path.suffix in {".c", ".h", ".def"})


def digest(*parts: str | bytes) -> str:
    """Return the sha256 over parts, each with its length, so that no two lists look alike."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(f"{len(data)}:".encode() + data)
    return whole.hexdigest()


def checker(target: str, catalogue: Catalogue, guest: Path = GUEST) -> Path:
    """Return the checker for a compiler target, built where the cache lacks it; BuildError with the messages."""
    units = list(_units(catalogue, guest))
    shared = _shared_digest(target, guest)
    whole = digest(shared, *(part for unit in units for part in (unit.name, unit.text, unit.header)))
    done = cache_dir() / "checker" / whole / f"checker-{target}"
    if done.exists():
        return done
    objects = cache_dir() / "checker" / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    done.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        made = list(pool.map(lambda unit: _object(target, guest, shared, unit), units))
    _zig(target, [*FLAGS, *LINK, *made], done, guest)
    return done


def family_digests(catalogue: Catalogue, guest: Path = GUEST) -> dict[str, str]:
    """Return per family the sha256 over its probes, library, tables and compiler version.

    Of its catalogue file only what decides which probe runs where: a claim or an explanation that is put
    into better words makes no answer stale.
    """
    shared = _shared_digest("", guest, *(path for path in sources(guest) if path.parent.name == "lib"))
    digests = {}
    for family in catalogue.families:
        probes = (catalogue.probes[probe] for probe in sorted(catalogue.families[family]))
        rows = json.dumps([(probe.id, probe.needs, probe.core, probe.kill) for probe in probes])
        source = guest / "probes" / f"{family}.c"
        digests[family] = digest(shared, rows, source.read_bytes() if source.exists() else b"")
    return digests


def _shared_digest(target: str, guest: Path, *more: Path) -> str:
    """Return the digest of what every object depends on: compiler, flags, headers and tables."""
    headers = [path for path in sources(guest) if path.suffix != ".c"]
    texts = [part for path in (*headers, *more) for part in (path.name, path.read_bytes())]
    return digest(target, compiler_version(), *FLAGS, *LINK, *texts)


def _units(catalogue: Catalogue, guest: Path) -> Iterable[Unit]:
    yield Unit("registry.c", registry(catalogue.probes.values()).encode())
    for path in sources(guest):
        if path.suffix == ".c":
            own = header(catalogue.families.get(path.stem, ())) if path.parent.name == "probes" else ""
            yield Unit(str(path.relative_to(guest)), path.read_bytes(), own)


def _object(target: str, guest: Path, shared: str, unit: Unit) -> Path:
    """Return the object of one file, compiled where the cache lacks it."""
    objects = cache_dir() / "checker" / "objects"
    done = objects / f"{digest(shared, unit.name, unit.text, unit.header)}.o"
    if done.exists():
        return done
    with tempfile.TemporaryDirectory(dir=objects) as scratch:
        generated = Path(scratch) / "registry.c"
        generated.write_bytes(unit.text)
        forced = Path(scratch) / "family.h"
        forced.write_text(unit.header)
        source = generated if unit.name == "registry.c" else Path(unit.name)
        _zig(target, [*FLAGS, "-Ilib", "-Itables", "-include", forced, "-c", source], done, guest)
    return done


def _zig(target: str, words: Sequence[str | Path], done: Path, guest: Path) -> None:
    """Run the compiler in `guest`, and put its output at `done` in one step."""
    caches = {f"ZIG_{kind}_CACHE_DIR": str(cache_dir() / "zig") for kind in ("GLOBAL", "LOCAL")}
    with tempfile.TemporaryDirectory(dir=done.parent) as scratch:
        out = Path(scratch) / done.name
        machine, _, cpu = target.partition("+")
        model = [f"-mcpu={cpu}"] if cpu else []
        argv = [sys.executable, "-m", "ziglang", "cc", "-target", machine, *model, *words, "-o", out]
        result = run(argv, timeout=BUILD_SECONDS, cwd=guest, env={**os.environ, **caches}, check=False)
        if result.status != 0 or not out.exists():
            what = next((str(word) for word in words if str(word).endswith(".c")), "linking")
            raise BuildError(f"the checker does not build for {target}: {what}", tail=result.stderr[-TAIL:])
        out.replace(done)
