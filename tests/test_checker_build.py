"""The checker is tied to the catalogue by the tool chain: neither can lack the other."""

from pathlib import Path

import pytest

from farm import build, catalogue
from farm.arches import ARCHES, Arch
from farm.errors import BuildError
from tests.checker_native import Made, build_in, guest_folder

pytestmark = pytest.mark.cc

MADE = Made({"first": 'saw("word", "yes");'})


@pytest.mark.parametrize("arch", ARCHES.values(), ids=lambda arch: arch.name)
def test_the_projects_checker_builds_for_every_architecture(arch: Arch) -> None:
    assert build.checker(arch.target, catalogue.load()).stat().st_size > 10_000


def test_a_probe_without_a_row_does_not_compile(tmp_path: Path) -> None:
    guest = guest_folder(tmp_path, MADE)
    with (guest / "probes" / "test.c").open("a") as file:
        file.write("PROBE(test__one__unknown)\n{\n}\n")
    with pytest.raises(BuildError, match=r"test\.c") as error:
        build_in(guest)
    assert "no previous prototype for function 'probe_test__one__unknown'" in error.value.tail


def test_a_row_without_a_probe_does_not_link(tmp_path: Path) -> None:
    guest = guest_folder(tmp_path, MADE)
    with (guest / "catalogue" / "test.yaml").open("a") as file:
        file.write("      missing: {says: x}\n")
    with pytest.raises(BuildError, match="linking") as error:
        build_in(guest)
    assert "undefined symbol: probe_test__one__missing" in error.value.tail


def test_a_probe_in_another_familys_file_does_not_compile(tmp_path: Path) -> None:
    guest = guest_folder(tmp_path, MADE)
    (guest / "probes" / "other.c").write_text('#include "probe.h"\nPROBE(test__one__first)\n{\n}\n')
    (guest / "probes" / "test.c").write_text('#include "probe.h"\n')
    with pytest.raises(BuildError, match=r"other\.c"):
        build_in(guest)


def test_a_probe_cannot_call_the_c_library_instead_of_the_kernel(tmp_path: Path) -> None:
    guest = guest_folder(tmp_path, Made({"first": 'open("/", 0);'}))
    with pytest.raises(BuildError) as error:
        build_in(guest)
    assert "undeclared identifier 'open'" in error.value.tail


def test_a_second_build_takes_what_the_first_one_made(tmp_path: Path) -> None:
    guest = guest_folder(tmp_path, MADE)
    first = build_in(guest)
    made = first.stat().st_mtime_ns
    assert (build_in(guest), first.stat().st_mtime_ns) == (first, made)
