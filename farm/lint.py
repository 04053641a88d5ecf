"""The linters, as a table: `./inv lint` runs them to be read, tests/test_lint.py so that a finding fails the tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from farm.settings import ROOT

BIN = Path(sys.executable).parent
SHELL = ("inv", ".ci/run", *(f"tests/programs/{name}.sh" for name in ("java", "postgresql", "qemu", "redis")))
# guest/init loops over one disk (SC2043). Its bytes are in every cell's digest: a comment there would cost all answers.
INIT_EXCLUDED = "SC2043"


def _c_files() -> list[str]:
    found = [path for folder in ("lib", "probes") for path in (ROOT / "guest" / folder).rglob("*.[ch]")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _shell_files() -> list[str]:
    return [name for name in SHELL if (ROOT / name).exists()]


def linters() -> dict[str, Sequence[str]]:
    """Return the command line of every linter, to be run in the project's folder."""
    python = sys.executable
    return {
        "ruff check": (python, "-m", "ruff", "check", "--quiet", "."),
        "ruff format": (python, "-m", "ruff", "format", "--quiet", "--check", "--diff", "."),
        "mypy": (python, "-m", "mypy", "--no-error-summary"),
        "clang-format": (str(BIN / "clang-format"), "--dry-run", "--Werror", *_c_files()),
        "shellcheck": (str(BIN / "shellcheck"), *_shell_files()),
        "shellcheck init": (str(BIN / "shellcheck"), f"--exclude={INIT_EXCLUDED}", "guest/init"),
    }
