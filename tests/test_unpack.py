import contextlib
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from farm import unpack as unpack_module
from farm.errors import FetchError
from farm.unpack import unpack
from tests.made_deb import PACKERS, ar, deb, member, tar, write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def made(tmp_path: Path, *members: tuple[tarfile.TarInfo, bytes], packing: str = ".xz") -> Path:
    return write(tmp_path / "a.deb", deb(members, packing))


def refused(package: Path, place: Path) -> str:
    with pytest.raises(FetchError) as caught:
        unpack([package], place)
    return caught.value.message


@pytest.mark.parametrize("packing", PACKERS)
def test_a_package_is_unpacked_however_it_is_packed(packing: str, tmp_path: Path, place: Path) -> None:
    package = made(tmp_path, member("./", type=tarfile.DIRTYPE), member("./usr/bin/a", b"text"), packing=packing)

    assert unpack([package], place) == ["usr/bin/a"]
    assert (place / "usr/bin/a").read_bytes() == b"text"


def test_only_what_is_wanted_is_written(tmp_path: Path, place: Path) -> None:
    package = made(tmp_path, member("./boot/a", b"1"), member("./usr/share/doc/a", b"2"))
    unpack([package], place, lambda name: name.startswith("boot/"))

    assert [path.name for path in place.iterdir()] == ["boot"]


def test_a_later_package_replaces_what_an_earlier_one_wrote(tmp_path: Path, place: Path) -> None:
    first = write(tmp_path / "1.deb", deb([member("./a", b"first")]))
    second = write(tmp_path / "2.deb", deb([member("./a", b"second")]))
    unpack([first, second], place)

    assert (place / "a").read_bytes() == b"second"


def test_links_stay_what_they_are(tmp_path: Path, place: Path) -> None:
    package = made(
        tmp_path,
        member("./lib/a.so.1.2", b"code"),
        member("./lib/a.so.1", type=tarfile.SYMTYPE, linkname="a.so.1.2"),
        member("./lib/hard", type=tarfile.LNKTYPE, linkname="./lib/a.so.1.2"),
    )
    unpack([package], place)

    assert (place / "lib/a.so.1").readlink() == Path("a.so.1.2")
    assert (place / "lib/hard").read_bytes() == b"code"


def test_setuid_setgid_and_sticky_bits_are_dropped(tmp_path: Path, place: Path) -> None:
    unpack([made(tmp_path, member("./a", b"x", mode=0o7755))], place)

    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["../a", "./usr/../../a", "/etc/a", "a/.."])
def test_a_name_that_leads_out_is_refused(name: str, tmp_path: Path, place: Path) -> None:
    assert "leads out of its folder" in refused(made(tmp_path, member(name, b"x")), place)
    assert not (tmp_path / "a").exists()


def test_a_link_is_never_followed(tmp_path: Path, place: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    package = made(tmp_path, member("./a", type=tarfile.SYMTYPE, linkname=str(outside)), member("./a/b", b"x"))

    assert "leads through a, which is no folder" in refused(package, place)
    assert not list(outside.iterdir())


def test_a_file_in_the_place_of_a_link_replaces_the_link(tmp_path: Path, place: Path) -> None:
    outside = write(tmp_path / "outside", b"mine")
    unpack([made(tmp_path, member("./a", type=tarfile.SYMTYPE, linkname=str(outside)), member("./a", b"x"))], place)

    assert outside.read_bytes() == b"mine"
    assert (place / "a").read_bytes() == b"x"


def test_a_folder_in_the_place_of_a_link_is_a_folder(tmp_path: Path, place: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = member("./a", type=tarfile.DIRTYPE, mode=0o755)
    unpack([made(tmp_path, member("./a", type=tarfile.SYMTYPE, linkname=str(outside)), folder)], place)

    assert not (place / "a").is_symlink()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(kind: bytes, tmp_path: Path, place: Path) -> None:
    assert "neither file, folder nor link" in refused(made(tmp_path, member("./dev/a", type=kind)), place)


@pytest.mark.parametrize("target", ["./nothing", "../outside", "/etc/passwd", "link"])
def test_a_hard_link_to_what_the_package_did_not_write_is_refused(target: str, tmp_path: Path, place: Path) -> None:
    link = member("./link", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    refused(made(tmp_path, link, member("./a", type=tarfile.LNKTYPE, linkname=target)), place)

    assert not (place / "a").exists()


def test_a_package_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack_module, "LIMIT", 1000)
    package = made(tmp_path, *(member(f"./{name}", bytes(400)) for name in "abc"))

    assert "unpacks to more than 1000 bytes" in refused(package, place)
    assert not (place / "c").exists()


def test_a_package_of_too_many_files_is_refused(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "COUNT", 2)

    assert "more than 2 members" in refused(made(tmp_path, *(member(f"./{name}") for name in "abc")), place)


def test_a_package_without_data_is_named(tmp_path: Path, place: Path) -> None:
    assert refused(write(tmp_path / "a.deb", ar({"debian-binary": b"2.0\n"})), place) == "a.deb: has no data.tar"


def test_a_compression_that_is_not_known_is_named(tmp_path: Path, place: Path) -> None:
    package = write(tmp_path / "a.deb", ar({"data.tar.lzo": b"x"}))

    assert refused(package, place) == "a.deb: data.tar.lzo: a compression that is not known here"


@pytest.mark.parametrize("packing", PACKERS)
def test_half_a_package_is_an_error_not_a_small_package(packing: str, tmp_path: Path, place: Path) -> None:
    whole = deb([member("./a", os.urandom(20_000)), member("./b", os.urandom(20_000))], packing)

    assert "cannot be unpacked" in refused(write(tmp_path / "a.deb", whole[: len(whole) // 2]), place)


def test_a_disk_that_refuses_is_not_called_a_broken_package(tmp_path: Path) -> None:
    package = made(tmp_path, member("./a", b"x"))
    with pytest.raises(NotADirectoryError):
        unpack([package], write(tmp_path / "file", b"") / "below")


SOUND = deb([member("./a/b", b"text" * 100), member("./a/c", type=tarfile.SYMTYPE, linkname="b")], ".gz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.integers(0, 255), st.booleans())
def test_a_damaged_package_is_unpacked_or_refused_and_nothing_else(
    tmp_path: Path, at: int, byte: int, cut: bool
) -> None:
    damaged = SOUND[:at] + bytes([byte]) + (b"" if cut else SOUND[at + 1 :])
    package = write(tmp_path / "a.deb", damaged)
    with contextlib.suppress(FetchError):
        unpack([package], tmp_path / f"place{at}-{byte}-{cut}")


def test_a_damaged_file_list_is_refused(tmp_path: Path, place: Path) -> None:
    spoiled = tar([member("./a", b"x")]).replace(b"./a", b"./b", 1)

    assert "cannot be unpacked" in refused(write(tmp_path / "a.deb", ar({"data.tar": spoiled})), place)
