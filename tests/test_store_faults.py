"""A disk that fills up while a download runs: needs a file system of its own, which needs root rights to mount."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.errors import FetchError, InfraError
from farm.run import run
from farm.store import Store
from tests.test_store import BODY, SHA256
from tests.web import Request, no_wait, running

pytestmark = pytest.mark.faults


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system with room for half of the file."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        run(["mount", "-t", "tmpfs", "-o", f"size={len(BODY) // 2}", "tmpfs", place])
    except InfraError as error:
        pytest.skip(f"cannot mount a small file system here: {error}")
    yield place
    run(["umount", place])


def test_a_disk_that_is_too_small_is_named_before_anything_is_written(small: Path) -> None:
    with (
        running() as web,
        pytest.raises(FetchError, match=f"the disk is full: {small}.*: {len(BODY)} bytes are needed"),
    ):
        Store(small, offline=False, session=web.session()).fetch([web.put("a", BODY)], SHA256, len(BODY), "a.deb")


def test_a_disk_that_fills_up_on_the_way_is_named_and_can_be_gone_on_with(small: Path) -> None:
    def endless(request: Request) -> None:
        request.begin(200, {"Connection": "close"})
        request.wfile.write(BODY)

    with running() as web:
        store = Store(small, offline=False, wait=no_wait, session=web.session())
        with pytest.raises(FetchError, match=f"the disk is full: {small}"):
            store.adopt([web.put("a", endless)], "a.deb")
        run(["mount", "-o", f"remount,size={len(BODY) * 2}", small])

        assert store.adopt([web.put("a", BODY)], "a.deb")[1:] == (SHA256, len(BODY))
