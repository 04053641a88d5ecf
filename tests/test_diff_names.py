"""A kernel's short name means whole version components, and the choice among several is told."""

from pathlib import Path

import pytest

from farm import results
from farm.diff import Choice, resolve
from farm.errors import PlanError
from farm.results import Results
from tests.made_up import info, kernel

KERNELS = (
    ("6.1.185-1", "cloud"),
    ("6.1.192-1", "cloud"),
    ("6.12.107-1", "cloud"),
    ("6.12.117-1", "cloud"),
    ("6.12.117-1", "generic"),
    ("6.12.118-1", "generic"),
    ("7.3.4-1~bpo13+1", "cloud"),
    ("5.10.9-1", "rt"),
)


@pytest.fixture
def stored(tmp_path: Path) -> Results:
    for version, flavour in KERNELS:
        results.write(tmp_path, info(kernel(version, flavour=flavour)))
    results.write(tmp_path, info(kernel("6.1.170-1", "arm64")))
    results.write(tmp_path, info(kernel("6.1.200-1"), ending="unanswered", stage="boot", why="panic"))
    return results.scan(tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("6.1.185", "debian-6.1.185-1-cloud"),
        ("6.12.117-1", "debian-6.12.117-1-cloud"),
        ("6.12.118", "debian-6.12.118-1-generic"),
        ("6.12-generic", "debian-6.12.118-1-generic"),
        ("debian-6.12.117-1-generic", "debian-6.12.117-1-generic"),
        ("7.3", "debian-7.3.4-1~bpo13+1-cloud"),
        ("7", "debian-7.3.4-1~bpo13+1-cloud"),
        ("5.10", "debian-5.10.9-1-rt"),
        ("debian-7.3.4", "debian-7.3.4-1~bpo13+1-cloud"),
    ],
)
def test_a_name_means_one_answered_kernel(stored: Results, name: str, expected: str) -> None:
    assert resolve(stored, name).kernel == expected


def test_the_newest_of_several_is_taken_and_said(stored: Results) -> None:
    assert resolve(stored, "6.1") == Choice(
        "debian-6.1.192-1-cloud", "6.1 is debian-6.1.192-1-cloud, the newest of 3 answered ones"
    )
    assert resolve(stored, "6.1", "arm64").kernel == "debian-6.1.170-1-cloud"


@pytest.mark.parametrize("name", ["6.120", "6.", "6.1.20", "", "cloud", "debian-", "7.31", "../6.1"])
def test_a_name_that_means_no_answered_kernel_is_an_error(stored: Results, name: str) -> None:
    with pytest.raises(PlanError, match=r"no answered kernel is named .* \(.*answered are: 5.10, 6.1, 6.12, 7.3\)"):
        resolve(stored, name)


def test_the_nearest_name_is_offered(stored: Results) -> None:
    with pytest.raises(PlanError) as caught:
        resolve(stored, "debian-6.12.116-1-cloud")
    assert "did you mean debian-6.12.117-1-cloud?" in caught.value.hint


def test_without_results_the_hint_says_how_to_make_some(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"run `\./inv matrix`"):
        resolve(results.scan(tmp_path), "6.1")
