import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.answers import GoneError
from farm.store import Store
from tests import web as web_module
from tests.test_store import BODY, SHA256, fetch, refused
from tests.web import Request, Web, no_wait, running, whole_or_rest


@pytest.fixture
def web() -> Iterator[Web]:
    with running() as web:
        yield web


@pytest.fixture
def store(web: Web, tmp_path: Path) -> Store:
    return Store(tmp_path / "store", offline=False, wait=no_wait, session=web.session())


def test_a_wrong_digest_names_both(web: Web, store: Store) -> None:
    other = bytes(len(BODY))
    said = refused(store, web.put("a.deb", other))

    assert SHA256 in said
    assert hashlib.sha256(other).hexdigest() in said
    assert not store.path(SHA256).exists()


def test_a_wrong_digest_at_one_address_leads_to_the_next(web: Web, store: Store) -> None:
    assert fetch(store, web.put("bad.deb", bytes(len(BODY))), web.put("a.deb", BODY)).read_bytes() == BODY


def test_a_wrong_length_names_both_and_nothing_is_downloaded(web: Web, store: Store) -> None:
    url = web.put("a.deb", BODY[:1000])

    assert f"has 1000 bytes instead of {len(BODY)}" in refused(store, url)
    assert len(web.asked(url)) == 1


def test_a_file_that_is_too_short_and_does_not_say_so_comes_to_an_end(web: Web, store: Store) -> None:
    def short(request: Request) -> None:
        request.begin(416 if "Range" in request.headers else 200, {"Connection": "close"})
        if "Range" not in request.headers:
            request.wfile.write(BODY[:1000])

    assert "gave up after 4 attempts" in refused(store, web.put("a.deb", short))


def test_more_than_was_promised_is_refused(web: Web, store: Store) -> None:
    def endless(request: Request) -> None:
        request.begin(200, {"Connection": "close"})
        request.wfile.write(BODY + BODY)

    assert f"longer than its {len(BODY)} bytes" in refused(store, web.put("a.deb", endless))


def test_a_login_page_is_called_one(web: Web, store: Store) -> None:
    url = web.put("a.deb", lambda request: request.send(b"<p>Please log in", Content_Type="text/html; charset=x"))

    assert "an HTML page came instead" in refused(store, url)


def test_a_login_page_that_hides_its_type_is_called_one(web: Web, store: Store) -> None:
    page = b"<!DOCTYPE html><title>Please log in</title>".ljust(len(BODY))

    assert "an HTML page came instead" in refused(store, web.put("a.deb", page))


def test_a_file_that_is_nowhere_is_gone(store: Store) -> None:
    with pytest.raises(GoneError, match=r"a\.deb: .*HTTP 404"):
        fetch(store, f"{web_module.HOST}/here.deb", f"{web_module.HOST}/there.deb")


def test_a_file_that_one_address_has_not_comes_from_the_next(web: Web, store: Store) -> None:
    assert fetch(store, f"{web_module.HOST}/here.deb", web.put("a.deb", BODY)).read_bytes() == BODY


def test_a_server_that_is_overloaded_is_asked_again(web: Web, store: Store) -> None:
    url = web.put("a.deb", lambda request: request.send(b"", 503), BODY)

    assert fetch(store, url).read_bytes() == BODY


def test_a_server_that_forbids_is_not_asked_again(web: Web, store: Store) -> None:
    url = web.put("a.deb", lambda request: request.send(b"", 403))

    assert "HTTP 403" in refused(store, url)
    assert len(web.asked(url)) == 1


def test_a_trickle_is_given_up_and_gone_on_with(web: Web, store: Store) -> None:
    url = web.put("a.deb", lambda request: whole_or_rest(request, BODY))
    hours = iter(range(0, 100 * 3600, 3600))
    store.clock = lambda: float(next(hours))

    assert fetch(store, url).read_bytes() == BODY
    assert len(web.asked(url)) > 1


def test_a_host_that_is_not_there_is_an_error_that_names_it(web: Web, store: Store) -> None:
    web.server.server_close()

    assert "mirror.example/a.deb: gave up after 4 attempts" in refused(store, f"{web_module.HOST}/a.deb")
