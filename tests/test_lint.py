"""The linters are tests: a finding in code, shell or C fails like anything else."""

from __future__ import annotations

import pytest

from farm.lint import linters
from farm.run import run
from farm.settings import ROOT

LINTERS = linters()


@pytest.mark.lint
@pytest.mark.parametrize("name", LINTERS)
def test_a_linter_finds_nothing(name: str) -> None:
    done = run(LINTERS[name], cwd=ROOT, timeout=600, check=False)
    assert (0, "") == (done.status, "" if done.status == 0 else done.stdout.decode(errors="replace") + done.stderr)
