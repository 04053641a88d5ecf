"""./inv itself, with a made-up python3 that writes down what it is told and makes a .venv of one script."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from farm.run import Completed, run
from farm.settings import ROOT

TOOLS = """
    awk cat cp df dirname env flock grep head mkdir paste readlink rm sh sha256sum tr
""".split()  # noqa: SIM905 - a table

# Plays the system's python3 and, installed by itself, the one of .venv. Files beside the checkout change its ways.
PYTHON = """#!/bin/sh
here={folder}
case "$*" in
*version_info*) exit 0 ;;
*"import ensurepip"*) [ ! -e $here/no-ensurepip ]; exit ;;
"-m venv "*) mkdir -p "$3/bin"; cp "$here/tools/python3" "$3/bin/python" ;;
esac
echo "$* FARM_YES=$FARM_YES" >>$here/log
case "$*" in
*" install "*) [ ! -p $here/gate ] || read -r _ <$here/gate; [ ! -e $here/pip-fails ] ;;
*farm.doctor*) rm $here/no-ensurepip; [ ! -e $here/no-rights ] ;;
*farm.program*) echo "ran in $PWD" ;;
esac
"""
VENV, PIP, RAN = "-m venv", "-m pip", "-P -m farm.program"


class Checkout:
    """A folder with ./inv and a pyproject.toml, and what its python3 was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "a checkout"
        self.tools = folder / "tools"
        for made in (self.root, self.tools):
            made.mkdir()
        shutil.copy(ROOT / "inv", self.root)
        (self.root / "pyproject.toml").write_text("[project]\n")
        for tool in TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool) or f"/usr/bin/{tool}")
        (self.tools / "python3").write_text(PYTHON.format(folder=folder))
        (self.tools / "python3").chmod(0o755)
        self.env = {"PATH": str(self.tools), "HOME": str(folder)}

    def inv(self, *argv: str, program: Path | None = None, cwd: Path | None = None) -> Completed:
        return run([program or self.root / "inv", *argv], env=self.env, cwd=cwd or self.folder, check=False)

    def told(self) -> list[str]:
        """Return what python3 was told since this was asked last, each by its first words."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [next(word for word in (VENV, PIP, RAN, "doctor") if word in line) for line in lines]

    def put(self, name: str) -> None:
        (self.folder / name).touch()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    assert checkout.inv("plan").status == 0
    checkout.told()
    return checkout


def test_the_first_run_makes_the_environment_and_then_runs_the_task(checkout: Checkout) -> None:
    done = checkout.inv("plan")
    assert [VENV, PIP, RAN] == checkout.told()
    assert (0, f"ran in {checkout.folder}\n".encode()) == (done.status, done.stdout)
    assert "inv: making .venv: 0.7 GB" in done.stderr


def test_later_runs_only_run_the_task(ready: Checkout) -> None:
    done = ready.inv("plan", "--kernels", "6.1")
    assert [RAN] == ready.told()
    assert done.stderr == ""


def test_it_may_be_called_from_anywhere_and_by_a_link(ready: Checkout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(ready.root / "inv")
    assert f"ran in {elsewhere}\n".encode() == ready.inv("plan", program=elsewhere / "link", cwd=elsewhere).stdout


def test_a_changed_project_is_installed_into_the_environment_that_is_there(ready: Checkout) -> None:
    (ready.root / "pyproject.toml").write_text("[project]\n# more\n")
    assert ready.inv("plan").status == 0
    assert [PIP, RAN] == ready.told()
    assert ready.inv("plan").status == 0
    assert [RAN] == ready.told()


def test_a_half_made_environment_is_made_anew(ready: Checkout) -> None:
    (ready.root / ".venv" / ".complete").unlink()
    (ready.root / ".venv" / "left-over").touch()
    assert ready.inv("plan").status == 0
    assert [VENV, PIP, RAN] == ready.told()
    assert not (ready.root / ".venv" / "left-over").exists()


def test_an_environment_whose_interpreter_is_gone_is_made_anew(ready: Checkout) -> None:
    python = ready.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert ready.inv("plan").status == 0
    assert [VENV, PIP, RAN] == ready.told()


def test_a_checkout_that_was_moved_makes_its_environment_anew(ready: Checkout) -> None:
    ready.root = ready.root.rename(ready.folder / "moved")
    assert ready.inv("plan").status == 0
    assert [VENV, PIP, RAN] == ready.told()


def test_an_installation_that_fails_is_not_taken_for_done(checkout: Checkout) -> None:
    checkout.put("pip-fails")
    done = checkout.inv("plan")
    assert done.status == 3
    assert "inv: pip could not install the project" in done.stderr
    assert [VENV, PIP] == checkout.told()
    (checkout.folder / "pip-fails").unlink()
    assert checkout.inv("plan").status == 0
    assert [VENV, PIP, RAN] == checkout.told()


def test_ensurepip_is_provided_first_where_python_has_none(checkout: Checkout) -> None:
    checkout.put("no-ensurepip")
    assert checkout.inv("plan").status == 0
    assert ["doctor", VENV, PIP, RAN] == checkout.told()


def test_without_rights_to_provide_it_nothing_else_is_done(checkout: Checkout) -> None:
    checkout.put("no-ensurepip")
    checkout.put("no-rights")
    assert checkout.inv("plan").status == 3
    assert ["doctor"] == checkout.told()
    assert not (checkout.root / ".venv").exists()


def test_consent_on_the_command_line_is_heard_by_the_installation(checkout: Checkout) -> None:
    checkout.inv("matrix", "--yes")
    assert all(line.endswith("FARM_YES=1") for line in (checkout.folder / "log").read_text().splitlines())


def test_without_python_it_says_what_to_install(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    done = checkout.inv("plan")
    assert done.status == 3
    assert done.stderr.splitlines()[-1].endswith("sudo apt-get install --yes python3 python3-venv")


def test_the_environment_that_is_being_replaced_does_not_make_its_successor(ready: Checkout) -> None:
    (ready.root / ".venv" / ".complete").unlink()
    (ready.root / ".venv" / "bin" / "python3").symlink_to("python")
    ready.env["PATH"] = f"{ready.root}/.venv/bin:{ready.tools}"
    assert ready.inv("plan").status == 0
    assert [VENV, PIP, RAN] == ready.told()


def test_two_first_runs_install_once(checkout: Checkout) -> None:
    os.mkfifo(checkout.folder / "gate")
    argv, env = [str(checkout.root / "inv"), "plan"], checkout.env
    first = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with (checkout.folder / "gate").open("w") as gate:  # opens when the first one's pip reads
        second = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert second.stderr is not None
        assert second.stderr.readline() == b"inv: waiting for another ./inv, which is installing\n"
        gate.write("go on\n")
    outputs = [process.communicate(timeout=20)[0] for process in (first, second)]
    assert [b"ran in"] * 2 == [output[:6] for output in outputs]
    assert [VENV, PIP, RAN, RAN] == checkout.told()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_checkout_that_cannot_be_written_to_says_so(checkout: Checkout) -> None:
    checkout.root.chmod(0o555)
    done = checkout.inv("plan")
    checkout.root.chmod(0o755)
    assert (3, f"inv: {checkout.root} cannot be written to; .venv belongs there\n") == (done.status, done.stderr)
