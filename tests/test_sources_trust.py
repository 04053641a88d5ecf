"""Signatures, dates and digests of suites: what is believed, and what is refused."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from farm.errors import FetchError
from farm.run import find
from farm.sources import release
from farm.sources.apt import Archive, Suite
from farm.types import Kernel
from tests.made_archive import DATE, NOW, MadeArchive
from tests.made_deb import write
from tests.openpgp import clearsigned, key
from tests.web import HOST, Web, running

pytestmark = pytest.mark.skipif(find("gpgv") is None, reason="gpgv is not installed")
TRIXIE = Suite("trixie")
SID = Suite("sid", expired="accept")


@pytest.fixture
def web() -> Iterator[Web]:
    with running() as web:
        yield web


@pytest.fixture
def made(web: Web, tmp_path: Path) -> MadeArchive:
    return MadeArchive(web, tmp_path)


@pytest.fixture
def stanza(made: MadeArchive) -> str:
    return made.package("linux-image-6.12.1+deb13-cloud-amd64", "6.12.1-1")


def resolved(archive: Archive, suite: Suite) -> Kernel:
    return archive.resolve(archive.builds("x86_64", [suite])[0])


def refused(archive: Archive, suite: Suite = TRIXIE) -> str:
    with pytest.raises(FetchError) as caught:
        archive.builds("x86_64", [suite])
    return str(caught.value)


def test_a_suite_that_somebody_else_signed_is_refused(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza}, signer=key("Somebody <else@mirror.example>"))

    assert "trixie/InRelease: no valid signature" in refused(made.archive())


def test_one_good_signature_is_enough_where_the_other_key_is_not_known(tmp_path: Path) -> None:
    keyring = write(tmp_path / "keyring.gpg", key().keyring())
    stranger = key("Somebody <else@mirror.example>")
    text = "Suite: trixie\n"
    signed = clearsigned(text, stranger.text_signature(text) + key().text_signature(text))

    assert release.verified(signed, "trixie/InRelease", [keyring]) == text


def test_a_bad_signature_spoils_a_good_one(tmp_path: Path) -> None:
    other = key("Somebody <else@mirror.example>")
    keyring = write(tmp_path / "keyring.gpg", key().keyring() + other.keyring())
    text = "Suite: trixie\n"
    signed = clearsigned(text, key().text_signature(text) + other.text_signature("another text"))

    with pytest.raises(FetchError, match="no valid signature"):
        release.verified(signed, "trixie/InRelease", [keyring])


def test_a_suite_that_was_changed_after_signing_is_refused(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza})
    pages = made.web.pages[f"{HOST}/debian/dists/trixie/InRelease"]
    assert isinstance(pages[0], bytes)
    pages[0] = pages[0].replace(b"Origin: Debian", b"Origin: Devian")

    assert "trixie/InRelease: no valid signature" in refused(made.archive())


def test_what_stands_outside_of_the_signature_is_not_read(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza})
    pages = made.web.pages[f"{HOST}/debian/dists/trixie/InRelease"]
    assert isinstance(pages[0], bytes)
    pages[0] += b"\nSHA256:\n " + b"0" * 64 + b" 1 main/binary-amd64/Packages.xz\n"

    assert [one.version for one in made.archive().builds("x86_64", [TRIXIE])] == ["6.12.1-1"]


def test_another_suites_file_is_refused_although_it_is_signed(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza}, codename="bookworm")

    assert "is about bookworm, some, not about trixie" in refused(made.archive())


def test_a_host_without_keyrings_says_what_to_install(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza})
    archive = made.archive()
    archive.keyrings = ()

    assert "apt install debian-archive-keyring" in refused(archive)


def test_an_index_that_is_not_the_one_of_the_release_is_refused(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza}, by_hash=False)
    url = f"{HOST}/debian/dists/trixie/main/binary-amd64/Packages.xz"
    sound = made.web.pages[url][0]
    assert isinstance(sound, bytes)
    made.web.pages[url] = [sound[:-1] + b"x"]

    assert "wrong digest" in refused(made.archive())


def test_an_expired_suite_is_refused(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza}, until=NOW - timedelta(days=1))
    said = refused(made.archive())

    assert "trixie/InRelease: expired on 2026-11-22" in said
    assert "`expired: accept`" in said


def test_an_expired_suite_that_may_be_is_taken_and_said(made: MadeArchive, stanza: str) -> None:
    made.suite("sid", {"amd64": stanza}, until=NOW - timedelta(days=17))

    assert resolved(made.archive(), SID).notes == ("the index of sid was past its Valid-Until and accepted",)


def test_a_suite_that_may_be_expired_and_is_not_needs_no_note(made: MadeArchive, stanza: str) -> None:
    made.suite("sid", {"amd64": stanza}, until=NOW + timedelta(days=1))

    assert resolved(made.archive(), SID).notes == ()


def test_a_suite_older_than_the_one_seen_before_is_refused_even_where_expired_ones_are_not(
    made: MadeArchive, stanza: str
) -> None:
    suite = Suite("trixie", expired="accept")
    made.suite("trixie", {"amd64": stanza})
    made.archive().builds("x86_64", [suite])
    made.suite("trixie", {"amd64": stanza}, date=DATE - timedelta(days=1))

    assert "older than the one seen before (2026-11-21 02:10)" in refused(made.archive(), suite)


def test_a_mirror_that_lags_behind_gives_way_to_the_next(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza})
    made.archive().builds("x86_64", [TRIXIE])
    other = f"{HOST}/debian-security"
    made.suite("trixie", {"amd64": stanza}, area="security")
    made.suite("trixie", {"amd64": stanza}, date=DATE - timedelta(days=1))
    archive = made.archive()
    archive.bases = {"main": (f"{HOST}/debian", other)}

    assert len(archive.builds("x86_64", [TRIXIE])) == 1


def test_offline_the_index_that_was_seen_last_is_read(made: MadeArchive, stanza: str) -> None:
    made.suite("trixie", {"amd64": stanza})
    online = made.archive().builds("x86_64", [TRIXIE])

    assert made.archive(offline=True).builds("x86_64", [TRIXIE]) == online


def test_offline_an_index_that_was_never_seen_is_named(made: MadeArchive) -> None:
    assert "trixie/InRelease is not stored" in refused(made.archive(offline=True))
