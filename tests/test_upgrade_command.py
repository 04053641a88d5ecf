"""`./inv upgrade`: what it prints and answers, which cells it lacks, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from farm import matrix, profile, results
from farm.commands import upgrading
from farm.commands.upgrading import Asked, show_upgrade
from farm.errors import PlanError
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import Cell
from farm.runner import FleetOptions
from tests.made_up import info, kernel, record

NEW = kernel("7.3.4-1~bpo13+1")
RECORDED = Path(__file__).parent / "data" / "strace" / "plain.log"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Two kernels in the default matrix's variants, where one probe of mmap differs."""
    root = tmp_path / "results"
    for version, errno in (("6.12.117-1", "ENOMEM"), ("7.3.4-1~bpo13+1", "EINVAL")):
        for variant in ("plain", "hugepages", "pmem-ext4"):
            results.write(root, info(kernel(version), variant), [record("mmap.create_vma.length_zero", mmap=errno)])
    return root


def asked(root: Path, old: str = "6.12", new: str = "7.3", **options: str) -> Asked:
    return Asked(old, new, results=str(root), arch="x86_64", **options)


def test_the_command_answers_1_where_something_touches(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sh.yaml"
    file.write_text(profile.as_text(profile.record("sh", [RECORDED])))
    assert 1 == show_upgrade(asked(stored, profile=str(file)), run=False)
    said = capsys.readouterr().out
    assert f"{'debian-6.12.117-1-cloud'} → debian-7.3.4-1~bpo13+1-cloud for sh\n" in said
    assert "1 of 1 change touch" in said
    assert "17× mmap" in said


def test_missing_cells_are_named_with_the_command_that_runs_them(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("6.12.117-1", "7.3.4-1~bpo13+1"):
        place = stored / f"debian-{name}-cloud" / "x86_64" / "hugepages"
        for part in place.iterdir():
            part.unlink()
        place.rmdir()
    assert 2 == show_upgrade(asked(stored), run=False)
    command = "./inv matrix --kernels debian-6.12.117-1-cloud,debian-7.3.4-1~bpo13+1-cloud --arches x86_64"
    assert f"run: {command} --variants hugepages --results {stored}\n" in capsys.readouterr().err


def test_missing_cells_are_run_first_and_then_answered(
    stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def run_cells(planned: list[Cell], _: object, options: FleetOptions, *__: object, **___: object) -> Summary:
        for cell in planned:
            ran.append(cell.name)
            made = info(kernel(cell.kernel.version), cell.variant.name)
            results.write(options.results, made, [record("mmap.create_vma.length_zero", mmap="EINVAL")])
        return Summary(len(planned), ran)

    place = stored / NEW.name / "x86_64" / "hugepages"
    shutil.rmtree(place)
    monkeypatch.setattr(upgrading, "run_cells", run_cells)
    assert 1 == show_upgrade(asked(stored))
    assert [f"{NEW.name}/x86_64/hugepages"] == ran
    said = capsys.readouterr()
    assert "inv: 1 cell is needed for the answer and run first\n" in said.err
    assert "in 3 records of 3 cells" in said.out


def test_cells_that_stay_unanswered_are_said_with_the_reason(
    stored: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(stored / NEW.name / "x86_64" / "hugepages")
    why = f"{NEW.name}/x86_64/hugepages", "no login marker within 60 s"
    monkeypatch.setattr(upgrading, "run_cells", lambda *_, **__: Summary(1, unanswered=[why]))
    assert 2 == show_upgrade(asked(stored))
    assert f"inv: {why[0]}: {why[1]}\n" in capsys.readouterr().err


def test_cells_that_were_asked_different_probes_are_missing(stored: Path) -> None:
    results.write(
        stored, info(kernel("6.12.117-1"), families={"mmap": "0" * 64}), [record("mmap.create_vma.x", mmap=1)]
    )
    known = results.scan(stored)
    kernels = [upgrading.side(name, known, Lock(), "x86_64") for name in ("6.12", "7.3")]
    lacking = upgrading.lacking_cells(known, kernels, matrix.read(), "x86_64")
    assert [f"{one.name}/x86_64/plain" for one in kernels] == [cell.name for cell in lacking]


def test_the_page_stands_alone(stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "upgrade.html"
    assert 1 == show_upgrade(asked(stored, shape="html", out=str(out)), run=False)
    page = out.read_text("utf-8")
    assert "mmap.create_vma" in page
    assert "href=" not in page.replace('href="#main"', "")


HOSTILE = """\
profile: 1
program: "<script>alert(1)</script>\\e[31m"
source: strace
log: {lines: 1, calls: 1, not_understood: 0}
calls: {mmap: {"<b>x</b>\\e[0m": 3}, fallocate: {"\\e]0;title\\a": 1}}
files: {"/proc/PID/\\e[2J<i>": 5}
"""


@pytest.mark.parametrize("shape", ["text", "html"])
def test_a_profile_of_somebody_else_stays_text(shape: str, stored: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "theirs.yaml", tmp_path / "out"
    file.write_text(HOSTILE)
    assert 1 == show_upgrade(asked(stored, profile=str(file), shape=shape, out=str(out)), run=False)
    said = out.read_text("utf-8")
    assert "\x1b" not in said
    assert "<script>alert" not in said or shape == "text"
    assert "<b>x" not in said or shape == "text"


REFUSED = [
    (Asked("6.12", ""), "two kernels are expected"),
    (Asked("6.12", "7.3", shape="xml"), "--format: unknown format 'xml'"),
    (Asked("6.12", "9.9", arch="x86_64"), "'9.9' is neither answered nor locked"),
    (Asked("6.12", "7.3", arch="vax"), "unknown architecture 'vax'"),
    (Asked("6.12", "7.3", profile="nothing.yaml"), "nothing.yaml: No such file"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_meant_is_refused(typed: Asked, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        show_upgrade(typed, run=False)
    assert message in caught.value.message
