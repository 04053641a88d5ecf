"""A web server on 127.0.0.1 that plays any host: requests are sent to it as to a proxy, so addresses stay invented."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

HOST = "http://mirror.example"


class Request(BaseHTTPRequestHandler):
    """One request; `web` answers it."""

    web: "Web"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.web.answer(self)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_args: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Say nothing."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer with a body whose length is said; a header's underscores stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.begin(status, {"Content-Length": str(len(body)), **named})
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self) -> None:
        """Break the connection as a crashed peer does, after what was written has left."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_WR)
        self.close_connection = True


Answer = Callable[[Request], None]


class Quiet(ThreadingHTTPServer):
    """A server that does not print what became of clients that hung up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class Web:
    """Answers by full address: bytes, or a function of the request; the last of several stays."""

    def __init__(self) -> None:
        self.pages: dict[str, list[bytes | Answer]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        web = self
        self.server = Quiet(("127.0.0.1", 0), type("Bound", (Request,), {"web": web}))
        self.port = self.server.server_port

    def answer(self, request: Request) -> None:
        self.seen.append((request.path, dict(request.headers)))
        pages = self.pages.get(request.path, [])
        page = pages.pop(0) if len(pages) > 1 else next(iter(pages), None)
        if page is None:
            request.send(b"no such file", 404)
        elif isinstance(page, bytes):
            whole_or_rest(request, page)
        else:
            page(request)

    def put(self, path: str, *answers: bytes | Answer) -> str:
        """Give `path` its answers, in turn; return its address."""
        self.pages[f"{HOST}/{path}"] = list(answers)
        return f"{HOST}/{path}"

    def asked(self, url: str) -> list[dict[str, str]]:
        """Return the headers of every request for an address."""
        return [headers for seen, headers in self.seen if seen == url]

    def session(self) -> requests.Session:
        return session(self.port)


def session(port: int) -> requests.Session:
    """Return a session that sends everything to the server on `port` and reads no settings of this machine."""
    found = requests.Session()
    found.trust_env = False
    found.proxies = {"http": f"http://127.0.0.1:{port}"}
    return found


def whole_or_rest(request: Request, body: bytes, tag: str = '"one"') -> None:
    """Answer as a good mirror does: the part that is asked for where the tag still fits, else everything."""
    first = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
    fits = request.headers.get("If-Range", tag) == tag
    at = int(first) if fits else 0
    if at >= len(body) > 0:
        request.send(b"", 416)
    elif at:
        where = f"bytes {at}-{len(body) - 1}/{len(body)}"
        request.send(body[at:], 206, Content_Range=where, ETag=tag)
    else:
        request.send(body, ETag=tag)


def only(body: bytes, sent: int, tag: str = '"one"') -> Answer:
    """Return an answer that promises `body` and breaks the connection after `sent` bytes."""

    def answer(request: Request) -> None:
        request.begin(200, {"Content-Length": str(len(body)), "ETag": tag})
        request.wfile.write(body[:sent])
        request.reset()

    return answer


@contextmanager
def running() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.server.shutdown()
        thread.join()
        web.server.server_close()


def no_wait(_seconds: float) -> None:
    """Wait for nothing between two attempts."""


__all__ = ["HOST", "Answer", "Request", "Web", "no_wait", "only", "running", "session", "whole_or_rest"]
