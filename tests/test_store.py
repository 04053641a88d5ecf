import hashlib
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.errors import FetchError
from farm.steps import Event, bus
from farm.store import ATTEMPTS, Store
from tests import web as web_module
from tests.web import Request, Web, no_wait, only, running, whole_or_rest

BODY = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(256)) * 64  # 512 KiB
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def web() -> Iterator[Web]:
    with running() as web:
        yield web


@pytest.fixture
def store(web: Web, tmp_path: Path) -> Store:
    return Store(tmp_path / "store", offline=False, wait=no_wait, session=web.session())


def fetch(store: Store, *urls: str) -> Path:
    return store.fetch(urls, SHA256, len(BODY), "a.deb")


def refused(store: Store, *urls: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(store, *urls)
    return str(caught.value)


def leave(store: Store, content: bytes, tag: str = "") -> None:
    """Leave what a killed run would have left."""
    part = store.path(SHA256).with_suffix(".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    if tag:
        part.with_suffix(".tag").write_text(tag)


def ranges(web: Web, url: str) -> list[str | None]:
    return [headers.get("Range") for headers in web.asked(url)]


def test_a_file_is_stored_under_its_digest(web: Web, store: Store) -> None:
    path = fetch(store, web.put("a.deb", BODY))

    assert store.root / SHA256[:2] / SHA256 == path
    assert path.read_bytes() == BODY


def test_what_is_stored_is_not_asked_for_again(web: Web, store: Store) -> None:
    url = web.put("a.deb", BODY)
    fetch(store, url)
    fetch(Store(store.root, offline=False, session=web.session()), url)

    assert len(web.asked(url)) == 1


def test_a_stored_file_that_the_disk_spoiled_is_downloaded_again(web: Web, store: Store) -> None:
    url = web.put("a.deb", BODY)
    fetch(store, url).write_bytes(b"x" * len(BODY))
    path = fetch(Store(store.root, offline=False, session=web.session()), url)

    assert path.read_bytes() == BODY


def test_progress_is_told_up_to_the_last_byte(web: Web, store: Store) -> None:
    events: list[Event] = []
    bus.listeners.append(events.append)
    try:
        fetch(store, web.put("a.deb", BODY))
    finally:
        bus.listeners.remove(events.append)

    told = [event for event in events if event.state == "progress"]
    assert ("download", "a.deb", len(BODY), len(BODY)) == (
        told[-1].step,
        told[-1].subject,
        told[-1].done,
        told[-1].total,
    )
    assert events[-1].state == "done"


class TestResuming:
    def test_a_connection_that_breaks_in_mid_file_is_gone_on_with(self, web: Web, store: Store) -> None:
        url = web.put("a.deb", only(BODY, 100_000), BODY)
        path = fetch(store, url)

        assert path.read_bytes() == BODY
        assert ranges(web, url) == [None, "bytes=100000-"]
        assert web.asked(url)[1]["If-Range"] == '"one"'

    def test_what_a_killed_run_left_is_gone_on_with(self, web: Web, store: Store) -> None:
        leave(store, BODY[:70_000], '"one"')
        url = web.put("a.deb", BODY)

        assert fetch(store, url).read_bytes() == BODY
        assert ranges(web, url) == ["bytes=70000-"]

    def test_a_file_that_was_replaced_meanwhile_is_taken_from_the_beginning(self, web: Web, store: Store) -> None:
        leave(store, b"x" * 70_000, '"an old one"')

        assert fetch(store, web.put("a.deb", BODY)).read_bytes() == BODY

    def test_rubbish_that_was_left_without_a_tag_is_thrown_away(self, web: Web, store: Store) -> None:
        leave(store, b"x" * 70_000)
        url = web.put("a.deb", BODY)

        assert fetch(store, url).read_bytes() == BODY
        assert ranges(web, url) == ["bytes=70000-", None]

    def test_more_than_the_whole_that_was_left_is_thrown_away(self, web: Web, store: Store) -> None:
        leave(store, BODY + b"more")

        assert fetch(store, web.put("a.deb", BODY)).read_bytes() == BODY

    def test_a_server_that_knows_no_ranges_sends_it_all_again(self, web: Web, store: Store) -> None:
        url = web.put("a.deb", only(BODY, 100_000), lambda request: request.send(BODY))

        assert fetch(store, url).read_bytes() == BODY

    def test_a_wrong_part_in_the_answer_is_never_appended(self, web: Web, store: Store) -> None:
        def wrong(request: Request) -> None:
            request.send(BODY[5:], 206, Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}")

        url = web.put("a.deb", only(BODY, 100_000), wrong, whole_or_rest_of_body)

        assert fetch(store, url).read_bytes() == BODY

    def test_attempts_that_bring_nothing_come_to_an_end(self, web: Web, store: Store) -> None:
        url = web.put("a.deb", only(BODY, 0))

        assert "gave up after 4 attempts" in refused(store, url)
        assert len(web.asked(url)) == ATTEMPTS

    def test_attempts_go_on_as_long_as_each_brings_something(self, web: Web, store: Store) -> None:
        def some(request: Request) -> None:
            at = int(request.headers.get("Range", "bytes=0-")[6:-1])
            size = len(BODY)
            where = {"Content-Range": f"bytes {at}-{size - 1}/{size}"} if at else {}
            request.begin(206 if at else 200, {"Content-Length": str(size - at), **where})
            request.wfile.write(BODY[at : at + 60_000])
            request.reset()

        assert fetch(store, web.put("a.deb", some)).read_bytes() == BODY


def whole_or_rest_of_body(request: Request) -> None:
    whole_or_rest(request, BODY)


class TestOffline:
    @pytest.fixture
    def offline(self, store: Store) -> Store:
        return Store(store.root, offline=True)

    def test_what_is_stored_is_there(self, web: Web, store: Store, offline: Store) -> None:
        url = web.put("a.deb", BODY)
        fetch(store, url)

        assert fetch(offline, url).read_bytes() == BODY

    def test_what_is_not_stored_is_named(self, offline: Store) -> None:
        assert "a.deb is not stored, and FARM_OFFLINE" in refused(offline, "http://mirror.example/a.deb")

    def test_an_index_is_not_read(self, offline: Store) -> None:
        with pytest.raises(FetchError, match="trixie/InRelease is not stored"):
            offline.read(["http://mirror.example/InRelease"], "trixie/InRelease", bytes)

    def test_nothing_is_adopted_and_nothing_is_looked_for(self, offline: Store) -> None:
        with pytest.raises(FetchError, match=r"b\.deb is not stored"):
            offline.adopt(["http://mirror.example/b.deb"], "b.deb")
        with pytest.raises(FetchError, match=r"b\.deb is not stored"):
            offline.offers(["http://mirror.example/b.deb"], "b.deb")

    def test_the_environment_turns_the_network_off(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("FARM_OFFLINE", "1")
        monkeypatch.setenv("FARM_CACHE", str(tmp_path))

        assert (True, tmp_path / "store") == (Store().offline, Store().root)


def test_what_nobody_signed_is_stored_with_the_digest_that_it_has(web: Web, store: Store) -> None:
    path, sha256, size = store.adopt([web.put("a.deb", only(BODY, 9), BODY)], "a.deb")

    assert (store.path(SHA256), SHA256, len(BODY)) == (path, sha256, size)


def test_nothing_of_a_longer_file_stays_behind_the_shorter_one_that_replaced_it(web: Web, store: Store) -> None:
    url = web.put("a.deb", only(b"x" * 9000, 5000, '"old"'), BODY[:1000])

    assert store.adopt([url], "a.deb")[0].read_bytes() == BODY[:1000]


def test_an_address_whose_answer_is_not_accepted_leads_to_the_next(web: Web, store: Store) -> None:
    def accept(content: bytes) -> str:
        if content == b"old":
            raise FetchError("too old")
        return content.decode()

    assert store.read([web.put("a", b"old"), web.put("b", b"new")], "InRelease", accept) == "new"


def test_an_index_without_end_is_refused(web: Web, store: Store) -> None:
    with pytest.raises(FetchError, match="longer than 1000 bytes"):
        store.read([web.put("a", BODY)], "InRelease", bytes, limit=1000)


def test_whether_the_pool_has_a_file_is_asked_without_downloading_it(web: Web, store: Store) -> None:
    url = web.put("a.deb", BODY)

    assert (store.offers([url], "a"), store.offers([f"{web_module.HOST}/b.deb"], "b")) == (True, False)


def test_a_file_that_cannot_fit_says_where_and_how_much(web: Web, store: Store) -> None:
    url = web.put("a.deb", lambda request: request.begin(200, {"Connection": "close"}))
    with pytest.raises(FetchError) as caught:
        store.fetch([url], SHA256, 10**18, "a.deb")

    assert f"the disk is full: {store.path(SHA256).parent}: {10**18} bytes are needed" in caught.value.message
    assert "FARM_CACHE" in caught.value.hint


def download(port: int, root: Path, url: str, ready: "multiprocessing.synchronize.Barrier") -> None:
    """Run in a process of its own."""
    store = Store(root, offline=False, wait=no_wait, session=web_module.session(port))
    ready.wait(60)
    assert fetch(store, url).read_bytes() == BODY


def test_two_processes_share_one_download(web: Web, tmp_path: Path) -> None:
    url = web.put("a.deb", BODY)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    both = [context.Process(target=download, args=(web.port, tmp_path, url, ready)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)

    assert [process.exitcode for process in both] == [0, 0]
    assert len(web.asked(url)) == 1
