"""What the host lacks, and who may install it: with a made-up apt-get and sudo that write down what they are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm import doctor
from farm.arches import ARCHES
from farm.doctor import Need
from farm.errors import InfraError
from farm.variants import VARIANTS

ABSENT = Need("program-that-no-host-has", "its-package", "does what no program does")


class Host:
    """A host with exactly the programs that a test gives it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.bin.mkdir()
        self.patch = monkeypatch
        monkeypatch.setenv("PATH", str(self.bin))
        monkeypatch.setattr("farm.doctor.find", self.find)
        self.user(0)

    def find(self, name: str) -> str | None:
        return str(self.bin / name) if (self.bin / name).exists() else None

    def user(self, number: int) -> None:
        self.patch.setattr(os, "geteuid", lambda: number)

    def has(self, name: str, *lines: str) -> None:
        """Give the host a program, which writes down how it was called and then does `lines`."""
        script = self.bin / name
        script.write_text("\n".join(("#!/bin/sh", f'echo "{name} $*" >>{self.log}', *lines)) + "\n")
        script.chmod(0o755)

    def apt(self, *, status: int = 0) -> None:
        """Give the host an apt-get that installs the absent program (or fails)."""
        made = f": >{self.bin / ABSENT.what}" if status == 0 else ":"
        self.has("apt-get", made, f"exit {status}")

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


APT = "apt-get -o DPkg::Lock::Timeout=300"
INSTALL = f"{APT} -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends its-package"
BY_HAND = "apt-get install --yes --no-install-recommends its-package"


def test_nothing_is_called_where_nothing_is_missing(host: Host) -> None:
    host.apt()
    host.has("there")
    doctor.ensure([Need("there", "a-package", "is there")])
    assert [] == host.calls()


def test_root_installs_without_asking(host: Host) -> None:
    host.apt()
    doctor.ensure([ABSENT])
    assert [INSTALL] == host.calls()


def test_package_lists_are_renewed_when_the_first_try_fails(host: Host) -> None:
    host.has(
        "apt-get",
        f'case "$*" in *update) : >{host.bin}/renewed; exit 0;; esac',
        f"[ -e {host.bin}/renewed ] || exit 100",
        f": >{host.bin / ABSENT.what}",
    )
    doctor.ensure([ABSENT])
    assert [INSTALL, f"{APT} update", INSTALL] == host.calls()


def test_an_apt_that_fails_is_an_error_with_the_command(host: Host) -> None:
    host.apt(status=100)
    with pytest.raises(InfraError) as caught:
        doctor.ensure([ABSENT])
    assert f"see above; run: {BY_HAND}" == caught.value.hint


def test_a_package_that_does_not_bring_the_program_is_an_error(host: Host) -> None:
    host.has("apt-get", "exit 0")
    with pytest.raises(InfraError, match="missing: program-that-no-host-has"):
        doctor.ensure([ABSENT])


def test_without_rights_the_exact_command_is_said_and_nothing_called(host: Host) -> None:
    host.apt()
    host.has("sudo")
    host.user(1000)
    with pytest.raises(InfraError) as caught:
        doctor.ensure([ABSENT])
    assert "missing: program-that-no-host-has (does what no program does)" == caught.value.message
    assert f"run: sudo {BY_HAND}" == caught.value.hint
    assert [] == host.calls()


def test_without_sudo_root_is_named(host: Host) -> None:
    host.apt()
    host.user(1000)
    with pytest.raises(InfraError) as caught:
        doctor.ensure([ABSENT], yes=True)
    assert f"run as root: {BY_HAND}" == caught.value.hint


@pytest.mark.usefixtures("host")
def test_without_apt_the_packages_are_named() -> None:
    with pytest.raises(InfraError) as caught:
        doctor.ensure([ABSENT])
    assert "install what Debian calls its-package" == caught.value.hint


@pytest.mark.parametrize("setting", ["FARM_YES", "CI", "--yes"])
def test_consent_given_beforehand_takes_sudo_without_a_password(
    host: Host, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.apt()
    host.has("sudo", "shift", 'exec "$@"')
    host.user(1000)
    if setting != "--yes":
        monkeypatch.setenv(setting, "true")
    doctor.ensure([ABSENT], yes=setting == "--yes")
    assert [f"sudo -n {INSTALL}", INSTALL] == host.calls()


def test_a_ci_that_says_false_is_no_consent(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.apt()
    host.has("sudo")
    host.user(1000)
    monkeypatch.setenv("CI", "false")
    with pytest.raises(InfraError):
        doctor.ensure([ABSENT])
    assert [] == host.calls()


def at_a_terminal(host: Host, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host.apt()
    host.has("sudo", 'exec "$@"')
    host.user(1000)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)


@pytest.mark.parametrize("typed", ["\n", "y\n", "Yes\n"])
def test_a_user_on_a_terminal_is_asked(
    host: Host, typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_a_terminal(host, typed, monkeypatch)
    doctor.ensure([ABSENT])
    shown = INSTALL.replace(" -qq -o Dpkg::Use-Pty=0", "")
    assert [f"sudo {shown}", shown] == host.calls()
    assert "Install them with sudo apt-get? [Y/n]" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["n\n", "", "what?\n"])
def test_whatever_is_not_yes_is_no(host: Host, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(host, typed, monkeypatch)
    with pytest.raises(InfraError) as caught:
        doctor.ensure([ABSENT])
    assert f"run: sudo {BY_HAND}" == caught.value.hint
    assert [] == host.calls()


class Terminal:
    """A keyboard on which one line was typed; an empty text is the end of input."""

    def __init__(self, typed: str) -> None:
        self.typed = typed

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self.typed


def test_each_architecture_names_its_qemu_and_the_firmware_of_its_variants() -> None:
    expected = {
        "x86_64": ["qemu-system-x86", "xfsprogs"],
        "arm64": ["qemu-system-arm", "qemu-efi-aarch64", "xfsprogs"],
        "i386": ["qemu-system-x86"],
        "armhf": ["qemu-system-arm"],
        "ppc64el": ["qemu-system-ppc"],
        "riscv64": ["qemu-system-misc"],
        "s390x": ["qemu-system-misc"],
        "mips64el": ["qemu-system-mips"],
        "loong64": ["qemu-system-misc"],
    }
    able = {name: [one for one in VARIANTS.values() if name not in one.cannot] for name in ARCHES}
    found = {name: [need.package for need in doctor.of_arch(arch, able[name])] for name, arch in ARCHES.items()}
    assert expected == {name: list(dict.fromkeys(packages)) for name, packages in found.items()}


def test_plain_guests_need_no_firmware() -> None:
    assert ["qemu-system-arm"] == [need.package for need in doctor.of_arch(ARCHES["arm64"], [VARIANTS["plain"]])]


def test_python3_venv_is_installed_for_the_entry(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.apt()
    monkeypatch.setattr("sys.argv", ["doctor"])
    assert doctor.main() == 0
    assert [INSTALL.replace("its-package", "python3-venv")] == host.calls()


def test_the_entry_hears_why_not(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.apt()
    host.user(1000)
    monkeypatch.setattr("sys.argv", ["doctor", "plan"])
    assert doctor.main() == 3
    command = BY_HAND.replace("its-package", "python3-venv")
    assert f"inv: missing: ensurepip (makes .venv); run as root: {command}\n" == capsys.readouterr().err
