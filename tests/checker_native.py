"""A checker for this machine, made of the project's library and a few probes of the test's own."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from farm import build, catalogue
from farm.arches import ARCHES
from farm.catalogue import GUEST

TARGET = ARCHES["x86_64"].target
YAML = "behaviours:\n  test.one:\n    says: x\n    probes:\n"


@dataclass(frozen=True)
class Made:
    """Probes by name: their C bodies, and the needs of those that have some."""

    bodies: dict[str, str]
    needs: dict[str, str] = field(default_factory=dict)

    def yaml(self) -> str:
        rows = (f"      {name}: {{says: x, needs: [{self.needs.get(name, '')}]}}\n" for name in self.bodies)
        return YAML + "".join(rows)

    def c(self) -> str:
        return '#include "probe.h"\n' + "".join(
            f"PROBE(test__one__{name})\n{{\n{body}\n}}\n" for name, body in self.bodies.items()
        )


def guest_folder(base: Path, made: Made) -> Path:
    guest = base / "guest"
    for folder in ("lib", "tables"):
        shutil.copytree(GUEST / folder, guest / folder)
    for folder in ("probes", "catalogue"):
        (guest / folder).mkdir()
    (guest / "catalogue" / "test.yaml").write_text(made.yaml())
    (guest / "probes" / "test.c").write_text(made.c())
    return guest


def build_in(guest: Path) -> Path:
    return build.checker(TARGET, catalogue.load(guest / "catalogue"), guest)


def run(program: Path, ids: list[str], *options: str) -> list[dict[str, object]]:
    """Return what the checker printed, one object a line, run on the machine's own kernel."""
    asked = "".join(f"{one}\n" for one in ids).encode()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checker"
        shutil.copy(program, copy)
        done = subprocess.run([copy, "run", *options], input=asked, capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def output(program: Path, command: str) -> str:
    return subprocess.run([program, command], capture_output=True, timeout=60, check=True).stdout.decode()


def records(said: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    return {str(one["probe"]).rpartition(".")[2]: one for one in said if "probe" in one}


def can_run() -> bool:
    return os.uname().machine == "x86_64"
