"""matrix.yaml and the command line → cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm import lock, matrix, plan
from farm.arches import ARCHES
from farm.errors import PlanError
from farm.lock import Lock
from farm.matrix import Matrix
from farm.plan import LeftOut
from farm.settings import ROOT
from farm.sources.index import Suite
from farm.variants import VARIANTS
from tests import made_up

LOCK = Lock(
    tuple(
        made_up.kernel(version, arch, flavour)
        for version in ("5.10.262-1", "6.1.190-1", "6.1.192-1", "6.12.117-1")
        for arch in ("x86_64", "arm64")
        for flavour in ("cloud", "generic")
    )
)
GOOD = """
kernels: [5.10, 6.1]
arches: [x86_64, arm64]
variants: [plain, hugepages]
suites:
  - {suite: bookworm}
  - {suite: sid, area: main, expired: accept}
"""


def read(folder: Path, text: str) -> Matrix:
    file = folder / "matrix.yaml"
    file.write_text(text, encoding="utf-8")
    return matrix.read(file)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(PlanError) as caught:
        read(folder, text)
    return str(caught.value)


def names(asked: Matrix, **options: str) -> list[str]:
    return [cell.name for cell in plan.cells(asked, LOCK, plan.narrow(**options))]


def test_the_default_matrix_is_thirty_cells() -> None:
    cells = plan.cells(matrix.read(), lock.load())
    assert 30 == len(cells)
    assert ["5.10", "6.1", "6.12", "6.18", "7.3"] == list(dict.fromkeys(cell.kernel.series for cell in cells))
    assert {"cloud"} == {cell.kernel.flavour for cell in cells}
    assert {"x86_64", "arm64"} == {cell.arch.name for cell in cells}
    assert {"plain", "hugepages", "pmem-ext4"} == {cell.variant.name for cell in cells}


def test_cells_come_kernel_by_kernel_with_the_newest_locked_build(tmp_path: Path) -> None:
    expected = [
        f"debian-{version}-cloud/{arch}/{variant}"
        for version in ("5.10.262-1", "6.1.192-1")
        for arch in ("x86_64", "arm64")
        for variant in ("plain", "hugepages")
    ]
    assert expected == names(read(tmp_path, GOOD))


def test_a_series_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    assert ("5.10", "6.1") == read(tmp_path, GOOD).kernels


def test_6_1_never_means_6_12(tmp_path: Path) -> None:
    found = names(read(tmp_path, GOOD), kernels="6.1", arches="arm64", variants="plain")
    assert ["debian-6.1.192-1-cloud/arm64/plain"] == found


def test_the_command_line_may_name_what_the_file_does_not(tmp_path: Path) -> None:
    found = names(read(tmp_path, GOOD), kernels="6.12,debian-6.1.190-1-generic", arches="arm64", variants="pmem-ext4")
    assert ["debian-6.12.117-1-cloud/arm64/pmem-ext4", "debian-6.1.190-1-generic/arm64/pmem-ext4"] == found


def test_a_build_that_two_names_mean_is_planned_once(tmp_path: Path) -> None:
    found = names(read(tmp_path, GOOD), kernels="6.12, 6.12.117,6.12.117-1", arches="arm64", variants="plain")
    assert ["debian-6.12.117-1-cloud/arm64/plain"] == found


def test_flavours_multiply_the_cells(tmp_path: Path) -> None:
    asked = read(tmp_path, GOOD + "flavours: [cloud, generic]\n")
    found = names(asked, kernels="6.12", arches="arm64", variants="plain")
    assert ["debian-6.12.117-1-cloud/arm64/plain", "debian-6.12.117-1-generic/arm64/plain"] == found


def test_optional_keys_are_read(tmp_path: Path) -> None:
    asked = read(tmp_path, GOOD + "jobs: 3\nresults: elsewhere\nmirror: [http://mirror.example/debian]\n")
    assert (3, tmp_path / "elsewhere", ("http://mirror.example/debian",)) == (asked.jobs, asked.results, asked.mirror)
    assert (Suite("bookworm"), Suite("sid", "main", "accept")) == asked.suites


def test_without_them_the_defaults_hold(tmp_path: Path) -> None:
    asked = read(tmp_path, GOOD)
    assert (None, ROOT / "results", (), ()) == (asked.jobs, asked.results, asked.mirror, asked.flavours)


BAD = [
    ("kernel: [6.1]", "matrix.yaml:1: unknown key 'kernel' (did you mean kernels?)"),
    (GOOD.replace("arm64", "aarch64"), "matrix.yaml:3: unknown architecture 'aarch64' (did you mean arm64?)"),
    (GOOD.replace("hugepages", "hugepage"), "matrix.yaml:4: unknown variant 'hugepage' (did you mean hugepages?)"),
    (
        GOOD.replace("expired: accept", "expired: yes"),
        "matrix.yaml:7: unknown value of expired 'yes' (did you mean accept?)",
    ),
    (GOOD.replace("expired:", "expires:"), "matrix.yaml:7: unknown key 'expires' (did you mean expired?)"),
    (GOOD.replace("area: main", "area: man"), "matrix.yaml:7: unknown area 'man' (did you mean main?)"),
    (GOOD.replace("{suite: bookworm}", "{area: main}"), "matrix.yaml:6: 'suite' is missing"),
    (GOOD.replace("suite: bookworm", "suite: ''"), "matrix.yaml:6: one word is expected here"),
    (GOOD + "jobs: many\n", "matrix.yaml:8: jobs must be a number from 1 to 256, not 'many'"),
    (GOOD + "jobs: 0\n", "matrix.yaml:8: jobs must be a number from 1 to 256, not '0'"),
    (GOOD + "kernels: [6.1]\n", "matrix.yaml:8: 'kernels' stands here twice"),
    (GOOD.replace("[5.10, 6.1]", "[6.1, 6.1]"), "matrix.yaml:2: '6.1' stands here twice"),
    (GOOD.replace("[5.10, 6.1]", "6.1"), "matrix.yaml:2: a list is expected here: [one, another]"),
    (GOOD.replace("[5.10, 6.1]", "[]"), "matrix.yaml:2: a list is expected here: [one, another]"),
    (GOOD.replace("[5.10, 6.1]", "[[6.1]]"), "matrix.yaml:2: one word is expected here"),
    ("variants: [plain]\narches: [arm64]\nsuites: [{suite: sid}]", "matrix.yaml:1: 'kernels' is missing"),
    ("- kernels", "matrix.yaml:1: `key: value` is expected here"),
    ("", "matrix.yaml: empty (it needs kernels, arches, variants and suites)"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_a_mistake_in_the_file_is_one_line_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert message == refused(tmp_path, text)


@pytest.mark.parametrize("text", ["kernels: [6.1", "a: b: c", "\tkernels: 6.1", "kernels: *nowhere", "a: 1\n---\nb: 2"])
def test_what_is_not_yaml_is_one_line_too(tmp_path: Path, text: str) -> None:
    said = refused(tmp_path, text)
    assert said.startswith("matrix.yaml: not YAML: ")
    assert "\n" not in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"absent\.yaml: No such file"):
        matrix.read(tmp_path / "absent.yaml")


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_bytes(b"kernels: [\xff\xfe]\n")
    with pytest.raises(PlanError, match="not UTF-8"):
        matrix.read(tmp_path / "matrix.yaml")


ASKED = [
    ({"arches": "x86-64"}, "--arches: unknown architecture 'x86-64' (did you mean x86_64?)"),
    ({"variants": "plan"}, "--variants: unknown variant 'plan' (did you mean plain?)"),
    ({"kernels": "6.13"}, "--kernels: no kernel '6.13' of flavour cloud is locked for x86_64"),
    ({"kernels": "6.1.19"}, "--kernels: no kernel '6.1.19' of flavour cloud is locked for x86_64"),
]


@pytest.mark.parametrize(("options", "message"), ASKED, ids=[message for _, message in ASKED])
def test_a_mistake_on_the_command_line_names_the_option_and_the_nearest_word(
    tmp_path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(PlanError) as caught:
        names(read(tmp_path, GOOD), **options)
    assert str(caught.value).startswith(message)
    assert "did you mean" in caught.value.hint


def test_a_kernel_of_the_file_that_is_not_locked_is_said_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"^matrix.yaml: no kernel '7.9'"):
        names(read(tmp_path, GOOD.replace("6.1]", "7.9]")))


def test_a_mistake_in_a_cell_name_is_said_with_that_name() -> None:
    with pytest.raises(PlanError) as caught:
        plan.cell_named("6.12/arm6/plain", LOCK)
    assert str(caught.value) == "6.12/arm6/plain: unknown architecture 'arm6' (did you mean arm64?)"


def test_a_cell_is_found_by_a_short_name() -> None:
    assert "debian-6.12.117-1-cloud/arm64/pmem-ext4" == plan.cell_named("6.12/arm64/pmem-ext4", LOCK).name
    assert "debian-6.1.192-1-cloud/x86_64/plain" == plan.cell_named("6.1/x86_64", LOCK).name


@pytest.mark.parametrize("name", ["6.12", "", "6.12/arm64/plain/more", "/"])
def test_what_is_no_cell_name_says_what_one_looks_like(name: str) -> None:
    with pytest.raises(PlanError, match="is no cell"):
        plan.cell_named(name, LOCK)


def test_what_an_architecture_cannot_have_is_left_out_with_the_reason(tmp_path: Path) -> None:
    asked = read(tmp_path, GOOD.replace("hugepages]", "la57]"))
    assert ["plain", "la57", "plain"] == [cell.variant.name for cell in plan.cells(asked, LOCK, plan.narrow("6.1"))]
    expected = [LeftOut("la57 on arm64", VARIANTS["la57"].cannot["arm64"])]
    assert expected == plan.left_out(asked, LOCK, plan.narrow("6.1"))


def test_a_variant_that_no_architecture_asked_for_can_have_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="--variants: no hash here: only POWER has a hash MMU"):
        plan.cells(read(tmp_path, GOOD), LOCK, plan.narrow(variants="hash"))
    with pytest.raises(PlanError, match="la57 cannot be had on arm64"):
        plan.cell_named("6.12/arm64/la57", LOCK)


def test_what_one_flavour_of_kernels_cannot_have_is_left_out_for_that_flavour(tmp_path: Path) -> None:
    locked = Lock((*LOCK.kernels, made_up.kernel("6.12.117-1", "arm64", "16k")))
    asked = read(tmp_path, GOOD.replace("[5.10, 6.1]", "[6.12, 6.12@16k]").replace("hugepages]", "hugepages-64k]"))
    here = [(cell.kernel.flavour, cell.variant.name) for cell in plan.cells(asked, locked) if cell.arch.name == "arm64"]
    assert [("cloud", "plain"), ("cloud", "hugepages-64k"), ("16k", "plain")] == here
    why = VARIANTS["hugepages-64k"].cannot["arm64@16k"]
    assert LeftOut("hugepages-64k on arm64@16k", why) in plan.left_out(asked, locked)
    with pytest.raises(PlanError, match=f"hugepages-64k cannot be had on arm64@16k: {why}"):
        plan.cell_named("6.12@16k/arm64/hugepages-64k", locked)
    with pytest.raises(PlanError, match=f"--variants: no hugepages-64k here: {why}"):
        plan.cells(asked, locked, plan.narrow("6.12@16k", "arm64", "hugepages-64k"))


def test_a_build_whose_answers_would_say_nothing_is_left_out_with_the_reason(tmp_path: Path) -> None:
    version, reason = list(ARCHES["s390x"].unusable.items())[-1]
    series = version.split("~")[0]
    here = (made_up.kernel(version, "s390x", "generic"), made_up.kernel(f"{series}.4-1"))
    locked = Lock((*LOCK.kernels, *here))
    asked = read(tmp_path, GOOD.replace("arm64", "s390x").replace("[5.10, 6.1]", f"[{series}]"))
    said = f"debian-{version}-generic says nothing on s390x: {reason}"
    assert said in [one.why for one in plan.left_out(asked, locked)]
    for refused_name in (f"{version}/s390x", f"debian-{version}-generic/s390x/plain"):
        with pytest.raises(PlanError) as caught:
            plan.cell_named(refused_name, locked)
        assert said == caught.value.message


def test_a_kernel_that_some_architecture_lacks_is_left_out_there(tmp_path: Path) -> None:
    asked = read(tmp_path, GOOD.replace("arches: [x86_64, arm64]", "arches: [x86_64, armhf]"))
    assert {"x86_64"} == {cell.arch.name for cell in plan.cells(asked, LOCK)}
    absent = plan.left_out(asked, LOCK)
    assert ["5.10 on armhf", "6.1 on armhf"] == [one.what for one in absent]
    assert {"no kernel of flavour armmp-lpae is locked for armhf"} == {one.why.split(" (")[0] for one in absent}
    with pytest.raises(PlanError, match="no kernel of flavour armmp-lpae is locked for armhf"):
        plan.cells(asked, LOCK, plan.narrow(arches="x86_64,armhf"))


def test_a_name_may_carry_its_flavour(tmp_path: Path) -> None:
    found = names(read(tmp_path, GOOD), kernels="6.12@generic", arches="arm64", variants="plain")
    assert ["debian-6.12.117-1-generic/arm64/plain"] == found
    assert "generic" == plan.cell_named("6.12@generic/arm64/plain", LOCK).kernel.flavour


def test_a_kernel_of_the_file_that_none_of_the_chosen_architectures_has_is_left_out(tmp_path: Path) -> None:
    text = GOOD.replace("[5.10, 6.1]", "[6.12, 6.12@16k]")
    only = Lock((*LOCK.kernels, made_up.kernel("6.12.117-1", "arm64", "16k")))
    asked, narrowed = read(tmp_path, text), plan.narrow(arches="x86_64", variants="plain")
    assert ["debian-6.12.117-1-cloud/x86_64/plain"] == [cell.name for cell in plan.cells(asked, only, narrowed)]
    assert ["6.12@16k on x86_64"] == [one.what for one in plan.left_out(asked, only, narrowed)]
    with pytest.raises(PlanError, match=r"no kernel '6\.12@16k' is locked for x86_64"):
        plan.cells(asked, only, plan.narrow(kernels="6.12@16k", arches="x86_64"))
    with pytest.raises(PlanError, match=r"no kernel '6\.12@16k' is locked"):
        plan.cells(asked, LOCK, narrowed)
