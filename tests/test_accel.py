import json
from pathlib import Path

import pytest

from farm.arches import ARCHES
from farm.commands.host import old
from farm.errors import BootError, PlanError, QemuError
from farm.qemu import accel

X86 = ARCHES["x86_64"]


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_CACHE", str(tmp_path))
    monkeypatch.delenv("FARM_ACCEL", raising=False)
    monkeypatch.setattr(accel, "possible", lambda _: True)


def never_boots() -> None:
    raise BootError("the guest did not say 'memory-farm: ssh' within 20 s")


def must_not_boot() -> None:
    raise AssertionError("booted although the answer was known")


def test_a_device_that_opens_and_runs_nothing_means_tcg() -> None:
    assert accel.choose(X86, never_boots) == "tcg"


def test_a_real_boot_means_kvm() -> None:
    assert accel.choose(X86, lambda: None) == "kvm"


def test_the_answer_is_remembered_per_host_kernel_and_qemu(tmp_path: Path) -> None:
    accel.choose(X86, never_boots)
    assert accel.choose(X86, must_not_boot) == "tcg"
    assert list(json.loads((tmp_path / "accel.json").read_text()).values()) == ["tcg"]


def test_a_foreign_architecture_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accel, "possible", lambda _: False)
    assert accel.choose(ARCHES["arm64"], must_not_boot) == "tcg"


def test_the_user_may_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_ACCEL", "tcg")
    assert accel.choose(X86, must_not_boot) == "tcg"


def test_an_accelerator_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_ACCEL", "warp")
    with pytest.raises(PlanError, match="warp"):
        accel.choose(X86, must_not_boot)


def test_doctor_names_the_architectures_that_this_qemu_is_too_old_for(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = "loong64 needs QEMU 10.0, here is 7.2.22"
    for here, said in (("7.2.22", [f"too old: {needs}; {ARCHES['loong64'].because}"]), ("10.0.2", []), ("", [])):
        monkeypatch.setattr(accel, "version", lambda _, here=here: here)
        assert said == old()


def test_an_architecture_that_needs_a_newer_qemu_says_so_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accel, "version", lambda _: "7.2.22")
    with pytest.raises(QemuError, match=r"loong64 needs QEMU 10\.0, here is 7\.2\.22"):
        accel.refuse_unfit(ARCHES["loong64"])
    accel.refuse_unfit(ARCHES["arm64"])
    monkeypatch.setattr(accel, "version", lambda _: "")
    with pytest.raises(QemuError, match="no qemu-system-s390x"):
        accel.refuse_unfit(ARCHES["s390x"])
