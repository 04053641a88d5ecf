"""Profiles of real programs: run under strace and counted; REGENERATE=1 writes the ones that come with the farm."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from farm import profile
from farm.commands.profiling import logs, make_profile
from farm.run import find, run
from farm.settings import ROOT

pytestmark = pytest.mark.programs

# What it is called, which program tells its version, what else must be installed, and what it does in any version.
PROGRAMS = {
    "postgresql": ("PostgreSQL", "psql", ("pgbench",), {"mmap", "shmget", "shmat", "fork", "brk"}),
    "redis": ("Redis", "redis-server", ("redis-benchmark",), {"mmap", "madvise", "fork"}),
    "java": ("OpenJDK", "java", (), {"mmap", "madvise", "mprotect"}),
    "qemu": ("QEMU", "qemu-system-x86_64", (), {"mmap", "madvise", "memfd_create", "mlockall"}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_real_program_is_understood_and_does_what_its_profile_says(name: str, tmp_path: Path) -> None:
    title, main, needed, expected = PROGRAMS[name]
    lacking = [one for one in ("strace", main, *needed) if find(one) is None]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    run([ROOT / "tests" / "programs" / f"{name}.sh", tmp_path / "log"], timeout=300)
    shipped = ROOT / "profiles" / f"{name}.yaml"
    out = shipped if os.environ.get("REGENERATE") else tmp_path / shipped.name
    major = re.search(r"\d+", run([main, "--version"]).stdout.decode())
    assert major is not None
    assert 0 == make_profile(str(tmp_path / "log"), program=f"{title} {major[0]}", out=str(out))
    found = profile.load(out)
    assert len(logs(tmp_path / "log")) >= 1
    assert 0 == found.not_understood
    assert expected <= {use.call for use in found.uses}
    assert expected <= {use.call for use in profile.load(shipped).uses}
