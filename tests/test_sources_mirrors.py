from pathlib import Path

import pytest

from farm.errors import FetchError
from farm.sources.apt import archive
from farm.sources.mirrors import bases, words
from tests.made_deb import write

SOURCES = """\
Types: deb deb-src
# http://snapshot.example/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

# URIs: http://commented.example/debian
Types: deb
# http://snapshot.example/archive/debian-security/20250520T000000Z
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
MIRROR = {"main": ("http://mirror.example/debian",), "security": ("http://mirror.example/debian-security",)}
NONE: dict[str, tuple[str, ...]] = {"main": (), "security": ()}


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_stanzas_are_read_without_the_addresses_in_their_comments(apt: Path) -> None:
    write(apt / "sources.list.d/debian.sources", SOURCES.encode())

    assert bases((), apt) == MIRROR


def test_one_line_entries_are_read_with_options_and_comments(apt: Path) -> None:
    write(
        apt / "sources.list",
        b"# deb http://commented.example/debian bookworm main\n"
        b"deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] http://mirror.example/debian/ "
        b"bookworm main non-free # ours\n"
        b"deb-src http://sources.example/debian bookworm main\n"
        b"deb http://mirror.example/debian-security bookworm-security main\n"
        b"deb\nnonsense\n",
    )

    assert bases((), apt) == MIRROR


def test_the_old_name_of_a_security_suite_is_known(apt: Path) -> None:
    write(apt / "sources.list", b"deb http://mirror.example/debian-security buster/updates main\n")

    assert bases((), apt)["security"] == MIRROR["security"]


def test_several_mirrors_are_kept_in_order_and_once(apt: Path) -> None:
    write(
        apt / "sources.list",
        b"deb http://near.example/debian bookworm main\n"
        b"deb http://far.example/debian bookworm main\n"
        b"deb http://near.example/debian bookworm-updates main\n",
    )

    assert bases((), apt)["main"] == ("http://near.example/debian", "http://far.example/debian")


@pytest.mark.parametrize(
    "line",
    [
        "deb http://other.example/apt cloud-bookworm main",
        "deb http://other.example/node nodistro main",
        "deb http://other.example/docker bookworm stable",
        "deb [signed-by=/usr/share/keyrings/other.gpg] http://other.example/debian bookworm main",
        "deb cdrom:[Debian_12]/ bookworm main",
        "deb file:/srv/mirror bookworm main",
    ],
)
def test_what_is_not_debians_archive_by_http_is_left_out(line: str, apt: Path) -> None:
    write(apt / "sources.list.d/other.list", line.encode())

    assert bases((), apt) == NONE


def test_a_stanza_that_is_turned_off_and_a_foreign_file_are_left_out(apt: Path) -> None:
    write(apt / "sources.list.d/debian.sources", b"Enabled: no\n" + SOURCES.partition("\n\n")[0].encode())
    write(apt / "sources.list.d/debian.sources.save", SOURCES.encode())

    assert bases((), apt) == NONE


def test_a_stanza_with_the_key_in_it_is_read(apt: Path) -> None:
    stanza = SOURCES.partition("Signed-By")[0] + "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n"
    write(apt / "sources.list.d/debian.sources", stanza.encode())

    assert bases((), apt)["main"] == MIRROR["main"]


def test_what_the_user_sets_replaces_the_hosts_own_of_the_same_area_only(apt: Path) -> None:
    write(apt / "sources.list.d/debian.sources", SOURCES.encode())

    assert bases(["http://mine.example/debian/"], apt) == {
        "main": ("http://mine.example/debian",),
        "security": MIRROR["security"],
    }


def test_the_security_archive_is_told_by_its_address(apt: Path) -> None:
    mine = ["http://old.example/debian-security/20260101T000000Z", "http://security.mirror.example/x"]

    assert bases([*mine, "http://security-lab.example/debian"], apt) == {
        "main": ("http://security-lab.example/debian",),
        "security": tuple(mine),
    }


def test_a_mirror_without_a_security_archive_gets_debians_own_name_for_it(apt: Path) -> None:
    assert bases(["http://mirror.example/debian"], apt) == MIRROR


@pytest.mark.parametrize("wrong", ["mirror.example/debian", "ftp://mirror.example/debian", "http://"])
def test_what_is_no_address_is_refused(wrong: str, apt: Path) -> None:
    with pytest.raises(FetchError, match="not the address of a mirror"):
        bases([wrong], apt)


@pytest.mark.parametrize("setting", ["a,b", "a b", " a, b ", ["a", "b"], ("a", "b")])
def test_a_setting_is_a_list_or_a_text(setting: str | list[str]) -> None:
    assert words(setting) == ("a", "b")


def test_the_environment_goes_before_matrix_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_MIRROR", "http://environment.example/debian")

    assert archive("http://file.example/debian").bases["main"] == ("http://environment.example/debian",)


def test_matrix_yaml_goes_before_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARM_MIRROR", raising=False)

    assert archive(["http://file.example/debian"]).bases["main"] == ("http://file.example/debian",)
