"""A farm that is killed while it downloads, unpacks or makes an image: the next one has it whole, and no rests."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm import disks
from farm.kernel_tree import kernel_tree
from farm.run import find
from farm.settings import ROOT
from farm.store import Store
from farm.variants import Image
from tests.faults.conftest import SECONDS
from tests.test_kernel_tree import kernel, whole
from tests.test_store import BODY, SHA256
from tests.web import Request, no_wait, running

pytestmark = pytest.mark.faults
SIGNALS = [signal.SIGKILL, signal.SIGTERM]

DOWNLOADS = """
import sys
from pathlib import Path
from farm.store import Store
from tests.web import session
root, port, url, sha256, size = sys.argv[1:]
Store(Path(root), offline=False, session=session(int(port))).fetch([url], sha256, int(size), "a.deb")
"""

UNPACKS = """
import sys
from pathlib import Path
from farm import kernel_tree
from tests.test_kernel_tree import kernel
def held(raw, new, kernel):
    print("held", flush=True)
    sys.stdin.read()
kernel_tree.arrange = held
package, cache = map(Path, sys.argv[1:])
kernel_tree.kernel_tree(kernel(package), [package], cache)
"""

IMAGES = """
import sys
from farm import disks
from farm.variants import Image
def held(path, size, page):
    path.write_bytes(bytes(100))
    print("held", flush=True)
    sys.stdin.read()
disks.KINDS["ext4"] = held
disks.make(Image("scratch", "ext4", 8))
"""


@contextmanager
def program(text: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program of a farm's that a test ends."""
    command = [sys.executable, "-c", text, *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.communicate(timeout=SECONDS)


def kill_when_held(text: str, how: signal.Signals, *words: object) -> None:
    with program(text, *words) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "held\n"
        one.send_signal(how)


@pytest.mark.parametrize("how", SIGNALS)
def test_a_download_that_was_killed_is_finished_by_the_next_farm(tmp_path: Path, how: signal.Signals) -> None:
    arrived, over = threading.Event(), threading.Event()

    def half(request: Request) -> None:
        request.begin(200, {"Content-Length": str(len(BODY)), "ETag": '"one"'})
        request.wfile.write(BODY[: len(BODY) // 2])
        request.wfile.flush()
        arrived.set()
        assert over.wait(SECONDS)

    with running() as web:
        url = web.put("a.deb", half, BODY)
        with program(DOWNLOADS, tmp_path, web.port, url, SHA256, len(BODY)) as one:
            assert arrived.wait(SECONDS)
            one.send_signal(how)
        over.set()
        store = Store(tmp_path, offline=False, wait=no_wait, session=web.session())
        assert store.fetch([url], SHA256, len(BODY), "a.deb").read_bytes() == BODY
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [SHA256, f"{SHA256}.lock"]


@pytest.mark.skipif(find("depmod") is None, reason="depmod (package kmod) is not installed")
@pytest.mark.parametrize("how", SIGNALS)
def test_an_unpacking_that_was_killed_is_begun_anew(tmp_path: Path, how: signal.Signals) -> None:
    package, cache = whole(tmp_path), tmp_path / "kernels"
    kill_when_held(UNPACKS, how, package, cache)
    assert [path.suffix for path in cache.iterdir() if path.is_dir()] == [".new"]

    tree = kernel_tree(kernel(package), [package], cache)
    assert tree.config.read_text() == "CONFIG_MMU=y\n"
    assert [path for path in cache.iterdir() if path.is_dir()] == [cache / kernel(package).digest]


@pytest.mark.parametrize("how", SIGNALS)
def test_an_image_whose_making_was_killed_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    calm = disks.make(Image("scratch", "ext4", 8)).read_bytes()
    monkeypatch.setenv("FARM_CACHE", str(tmp_path / "other"))
    kill_when_held(IMAGES, how)
    assert [path.suffix for path in (tmp_path / "other" / "images").iterdir() if path.suffix != ".lock"] == [".part"]

    made = disks.make(Image("scratch", "ext4", 8))
    assert made.read_bytes() == calm
    assert sorted(path.name for path in made.parent.iterdir()) == sorted([made.name, f"{made.stem}.lock"])
