"""What the commands print and answer, on made-up results and a made-up lock."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from farm import lock, matrix, plan, results
from farm.arches import ARCHES, Arch
from farm.commands import kernels, reading, running
from farm.commands.chosen import Chosen, go_offline, source
from farm.doctor import Need
from farm.errors import FetchError, InfraError, PlanError
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import LeftOut
from farm.settings import ROOT, offline
from farm.types import Ending
from tests.made_up import SERIES, Shape, info, kernel, record, write_all


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(tmp_path_factory.mktemp("made") / "results", Shape(behaviours=1))


def diff(stored: Path, old: str, new: str, **options: str) -> int:
    sides = reading.Sides(old, new, str(stored), options.pop("against", ""))
    return reading.show_diff(sides, **options)


def test_a_diff_with_changes_answers_1_and_says_which_builds_it_took(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(stored, "5.10", "6.1", arch="arm64", variant="plain") == 1
    said = capsys.readouterr()
    assert said.out.startswith("debian-5.10.262-1-cloud → debian-6.1.192-1-cloud\n")
    assert said.err == "inv: 5.10 is debian-5.10.262-1-cloud\ninv: 6.1 is debian-6.1.192-1-cloud\n"


def test_json_has_only_the_object_on_standard_output(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(stored, "5.10", "6.1", arch="arm64", shape="json") == 1
    found = json.loads(capsys.readouterr().out)
    assert {"old", "new", "changes", "missing"} == set(found)
    assert {"arm64"} == {change["arch"] for change in found["changes"]}


def test_html_goes_to_a_file(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "diff.html"
    assert diff(stored, "5.10", "6.1", shape="html", out=str(page)) == 1
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert capsys.readouterr().out == ""


def clean(folder: Path) -> Path:
    """Write results in which every probe answered."""
    for version in SERIES[:2]:
        results.write(
            folder, info(kernel(version, "arm64")), [record("mmap.behaviour_0.probe_0", mmap="ok")], config=""
        )
    return folder


def test_a_rerun_into_another_folder_is_compared_with_the_first_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = clean(tmp_path / "first")
    second = tmp_path / "second"
    shutil.copytree(first, second)
    assert diff(first, "6.1", "6.1", against=str(second)) == 0
    assert "debian-6.1.192-1-cloud → against:debian-6.1.192-1-cloud" in capsys.readouterr().out


def test_a_rerun_that_differs_is_seen(tmp_path: Path) -> None:
    first, second = clean(tmp_path / "first"), tmp_path / "second"
    build = kernel(SERIES[1], "arm64")
    results.write(second, info(build), [record("mmap.behaviour_0.probe_0", mmap="EINVAL")], config="")
    assert diff(first, "6.1", "6.1", against=str(second)) == 1


def test_a_probe_that_is_missing_is_not_no_change(tmp_path: Path) -> None:
    first, second = clean(tmp_path / "first"), tmp_path / "second"
    broken = record("mmap.behaviour_0.probe_0", Ending.BROKEN)
    results.write(second, info(kernel(SERIES[1], "arm64")), [broken], config="")
    assert diff(first, "6.1", "6.1", against=str(second)) == 2


def test_an_unknown_kernel_names_those_that_there_are(stored: Path) -> None:
    with pytest.raises(PlanError, match=r"answered are: 5\.10, 6\.1, 6\.12, 6\.18, 7\.3"):
        diff(stored, "5.10", "9")


def test_the_report_of_other_results_lies_beside_them(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reading.write_report(folder=str(stored)) == 0
    page = stored.with_name("results-report") / "index.html"
    assert f"report: {page.as_uri()}\n" == capsys.readouterr().out
    assert page.is_file()


def test_the_report_of_the_default_results_is_where_git_ignores_it() -> None:
    assert ROOT / "report" == Chosen().report_folder(matrix.read())


def test_a_report_without_results_says_how_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no results yet"):
        reading.write_report(folder=str(tmp_path))


def test_a_run_with_nothing_to_do_says_so() -> None:
    assert ["30 of 30 cells answered, nothing to do"] == running.outcome(Summary(planned=30), 1.2)


def test_what_stayed_unanswered_is_listed_and_the_rest_counted() -> None:
    summary = Summary(
        30, ["a cell"], [(f"cell {n}", "no QEMU") for n in range(20)], [("cell x probe", "broken: mount")]
    )
    lines = running.outcome(summary, 100)
    assert "10 of 30 cells answered, 1 ran in 1:40" == lines[0]
    assert "unanswered: cell 0: no QEMU" == lines[1]
    assert ["unanswered: … and 8 more", "broken: cell x probe: broken: mount"] == lines[-2:]


def needs(monkeypatch: pytest.MonkeyPatch, *without: str) -> None:
    """Make the host lack the QEMU of some architectures, and nobody may install."""

    def of_arch(arch: Arch, _: object) -> tuple[Need, ...]:
        return (Need("/absent" if arch.name in without else "/", arch.qemu_package, "runs guests"),)

    monkeypatch.setattr("farm.doctor.of_arch", of_arch)
    monkeypatch.setattr("farm.doctor.GUESTS", ())
    monkeypatch.setattr("farm.doctor.may_install", lambda *_, **__: None)


def test_without_one_architectures_qemu_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(monkeypatch, "arm64")
    running.host_for(plan.cells(matrix.read(), lock.load()), yes=False)
    assert capsys.readouterr().err.startswith("inv: going on without: missing: /absent (runs guests); ")


def test_without_any_qemu_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    needs(monkeypatch, *ARCHES)
    with pytest.raises(InfraError, match="missing: /absent"):
        running.host_for(plan.cells(matrix.read(), lock.load()), yes=False)


def test_the_kernels_of_the_lock_are_listed_without_a_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = Lock((kernel(SERIES[0], "arm64"), kernel(SERIES[1], "x86_64")))
    monkeypatch.setattr("farm.lock.load", lambda: locked)
    assert kernels.show_kernels(arch="arm64") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1 locked kernels, which `kernels:` in matrix.yaml and --kernels can name:" == lines[0]
    assert ["debian-5.10.262-1-cloud", "arm64", "31", "MB"] == lines[1].split()[:4]
    assert lines[-1].startswith("The archive has not been asked from here yet")


def test_builds_that_were_offered_and_are_not_locked_are_listed() -> None:
    kernels.offers_file().parent.mkdir(parents=True)
    builds = [("debian-5.10.262-1-cloud", "arm64"), ("debian-7.4-1-cloud", "arm64"), ("debian-7.4-1-cloud", "x86_64")]
    seen = {"date": "2030-01-02", "builds": builds}
    kernels.offers_file().write_text(json.dumps(seen))
    found = kernels.offered(Lock((kernel(SERIES[0], "arm64"),)), ())
    assert found[0].startswith("2 more builds were offered on 2030-01-02 ")
    assert [["7.4-1", "cloud", "arm64", "x86_64"]] == [line.split() for line in found[1:]]


def test_an_update_wishes_for_what_is_locked_and_what_the_matrix_names() -> None:
    asked = replace(
        matrix.read(), kernels=("6.12", "7.9", "6.1.190-1", "debian-6.1.190-1-rt"), arches=("arm64",), flavours=()
    )
    old = Lock((kernel("6.12.117-1", "x86_64"), kernel("6.12.117-1", "x86_64", "generic")))
    expected = [
        lock.Wish(("6.1.190",), ("arm64",), ("cloud",)),
        lock.Wish(("6.1.190",), ("arm64",), ("rt",)),
        lock.Wish(("6.12",), ("arm64", "x86_64"), ("cloud",)),
        lock.Wish(("6.12",), ("x86_64",), ("generic",)),
        lock.Wish(("7.9",), ("arm64",), ("cloud",)),
    ]
    assert expected == kernels.wishes(asked, old)


def test_an_update_locks_the_guest_roots_of_the_matrix() -> None:
    roots = kernels.roots(matrix.read(), Lock())
    assert ["amd64", "arm64"] == [root.debian_arch for root in roots]
    assert {("bookworm", "bookworm-security")} == {tuple(suite.suite for suite in root.suites) for root in roots}


def test_an_update_never_calls_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Need("/absent", "debian-archive-keyring", "whose signatures are good")
    monkeypatch.setattr("farm.doctor.KERNELS", (absent,))
    with pytest.raises(InfraError, match=r"missing: /absent \(whose signatures are good\)"):
        kernels.show_kernels(update=True)


def test_offline_is_for_the_whole_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_OFFLINE", "0")
    go_offline(asked=True)
    assert offline()


def test_without_a_mirror_only_a_download_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farm.sources.mirrors.bases", refuse)
    with pytest.raises(FetchError, match="no mirror"):
        source(matrix.read()).urls("main", "pool/x.deb")


def refuse(*_: object) -> None:
    raise FetchError("no mirror of Debian's archive")


def test_architectures_that_lack_the_same_thing_for_the_same_reason_share_a_line() -> None:
    absent = [
        LeftOut("6.12@16k on i386", "no kernel '6.12@16k' is locked for i386"),
        LeftOut("numa on i386", "no CONFIG_NUMA"),
        LeftOut("6.12@16k on armhf", "no kernel '6.12@16k' is locked for armhf"),
        LeftOut("numa on s390x", "one node"),
    ]
    expected = [
        "6.12@16k on i386, armhf: no kernel '6.12@16k' is locked",
        "numa on i386: no CONFIG_NUMA",
        "numa on s390x: one node",
    ]
    assert expected == running.summed(absent)
