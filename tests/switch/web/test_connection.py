"""Connections: whatever comes in one, the front serves the others, and keeps none for ever."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
from structlog.testing import capture_logs

from switch.channels import TlsSettings
from switch.web import program
from switch.web_settings import WebSettings
from tests.host.office.conftest import Bureau
from tests.switch.certificates import Authority
from tests.switch.web.conftest import served
from tests.switch.web.raw import answered, asked

Headers = list[tuple[str, str]]
PART = 2_000
NEVER_READ = 3_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(
    shared_bureau: Bureau, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A front with TLS."""
    certificate, key = authority.issue("localhost")
    tls = TlsSettings(certificate=str(certificate), key=str(key))
    told = WebSettings(port=0, tls=tls, body_bytes_max=PART * 2)
    with served(shared_bureau, tmp_path_factory.mktemp("secure"), told) as address:
        yield address.replace("127.0.0.1", "localhost")


class Two:
    """A browser that speaks HTTP/2 and says what it is told to, sound or not."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket = connection
        config = h2.config.H2Configuration(
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._spoken = h2.connection.H2Connection(config)
        self._spoken.initiate_connection()

    def ask(self, headers: Headers, *body: bytes) -> int:
        """The status of what is answered; the body goes on whatever comes meanwhile."""
        stream = self._spoken.get_next_available_stream_id()
        sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        self._spoken.send_headers(stream, sent, end_stream=not body)
        for part in body:
            self._spoken.send_data(stream, part)
        if body:
            self._spoken.end_stream(stream)
        self._socket.sendall(self._spoken.data_to_send())
        status = 0
        while True:
            told = self._socket.recv(65_536)
            assert told, "it was closed"
            for event in self._spoken.receive_data(told):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers or ())[b":status"])
                if isinstance(event, h2.events.StreamEnded) and event.stream_id == stream:
                    return status
            self._socket.sendall(self._spoken.data_to_send())


@contextmanager
def spoken(address: str, authority: Authority) -> Iterator[Two]:
    """One connection by HTTP/2."""
    there = urlsplit(address)
    context = ssl.create_default_context(cafile=str(authority.file))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((there.hostname, there.port), timeout=30) as bare,
        context.wrap_socket(bare, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"
        yield Two(connection)


def of(path: str, method: str = "GET", **more: str) -> Headers:
    """The headers of a request."""
    told = {"method": method, "scheme": "https", "authority": "localhost", "path": path} | more
    return [(f":{name}", value) for name, value in told.items() if value]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (of("/sign-in"), 200),
        (of("/sign-in", authority="evil.example"), 400),
        (of("https://localhost/sign-in"), 200),
        (of("http://localhost/sign-in"), 400),
        (of("*", "OPTIONS"), 200),
        (of("*"), 400),
        (of("", "CONNECT", scheme=""), 400),
        (of("/", "CONNECT", protocol="websocket"), 400),
        (of("/\xe4"), 400),
        (of("/sign-in?a=\xe4"), 400),
        (of("/sign-in", "G\xe4T"), 400),
        (of("/sign-in", "G T"), 400),
    ],
)
def test_a_request_by_http_2_that_is_none_is_answered_and_ends_nothing(
    secure: str, authority: Authority, headers: Headers, status: int
) -> None:
    with spoken(secure, authority) as two:
        assert two.ask(headers) == status
        assert two.ask(of("/sign-in")) == 200, "by the same connection"


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/v1/do/file.send", 413)])
def test_a_body_goes_on_after_its_answer_and_ends_nothing(
    secure: str, authority: Authority, path: str, status: int
) -> None:
    """S3-01: who sends a file that is too large is told so, and everybody else is served on."""
    with spoken(secure, authority) as two:
        assert two.ask(of(path, "POST"), *[b"x" * PART] * 20) == status
        assert two.ask(of("/sign-in")) == 200, "by the same connection"


def test_nobody_goes_on_to_http_2_in_clear(address: str) -> None:
    headers = "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"
    assert asked(address, "GET /sign-in HTTP/1.1", *headers).status == 200
    with capture_logs() as lines:
        assert answered(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)).status == 400
    assert [one for one in lines if one["log_level"] == "error"] == []


def test_what_comes_behind_the_last_request_cuts_no_answer_off(address: str) -> None:
    for behind in (b"\r\n", b"GARBAGE", b"GET /sign-in HTTP/1.1\r\n\r\n"):
        assert asked(address, "GET /sign-in HTTP/1.1", body=behind).status == 200


@pytest.mark.parametrize("framed", [f"Content-Length: {NEVER_READ}", "Transfer-Encoding: chunked"])
def test_an_answer_before_the_end_of_a_body_says_that_it_is_the_last(
    address: str, framed: str
) -> None:
    """Who would ask the next in this connection would find it closed."""
    answer = answered(address, f"POST /nowhere HTTP/1.1\r\nHost: here\r\n{framed}\r\n\r\n".encode())
    assert answer.headers["connection"] == "close"


def test_an_answer_to_all_that_was_asked_is_not_the_last(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        answers = [client.get("/sign-in"), client.head("/sign-in"), client.get("/nowhere")]
        answers += [client.post("/sign-in", data={"login": "x", "password": "y"})]
    assert [one.headers.get("connection") for one in answers] == [None] * len(answers)


@pytest.mark.parametrize("line", ["GET /v1/catalogue HTTP/1.1", "POST /nothing HTTP/1.1"])
def test_a_body_that_nobody_reads_keeps_no_connection(address: str, line: str) -> None:
    """It is closed behind the answer; else each such would be kept for ever."""
    there = urlsplit(address)
    with socket.create_connection((there.hostname, there.port), timeout=30) as connection:
        head = f"{line}\r\nHost: localhost\r\nAuthorization: Bearer x\r\n"
        connection.sendall(f"{head}Content-Length: {NEVER_READ}\r\n\r\n".encode())
        try:
            connection.sendall(b"x" * (NEVER_READ - 1))  # and never the last of it
            while connection.recv(65_536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            return
    assert httpx.get(f"{address}/sign-in").status_code == 200


@pytest.mark.parametrize("path", ["/static/style.css", "/sign-in"])
def test_a_file_ends_its_connection_where_that_is_asked(address: str, path: str) -> None:
    """Its end is what is waited for: a connection that stays open hangs this test."""
    assert asked(address, f"GET {path} HTTP/1.1").status == 200
    assert asked(address, f"GET {path} HTTP/1.1", "Range: bytes=0-4").status in {200, 206}


def test_a_connection_that_is_kept_after_a_file_is_not_kept_for_ever(
    shared_bureau: Bureau,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "KEEP_ALIVE_SECONDS", 0.2)
    with served(shared_bureau, tmp_path_factory.mktemp("kept")) as address:
        for path in ("/static/style.css", "/sign-in"):
            told = answered(address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert told.status == 200


def test_a_fault_in_one_connection_is_in_the_log_and_no_others_trouble(
    secure: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_headers: object) -> bool:
        raise KeyError("nothing of that name")

    monkeypatch.setattr("switch.web.connection.is_request", broken)
    with (
        capture_logs() as lines,
        spoken(secure, authority) as two,
        pytest.raises(AssertionError, match="it was closed"),
    ):
        two.ask(of("/sign-in"))
    assert [one["event"] for one in lines if one["log_level"] == "error"] == ["a connection failed"]
    monkeypatch.undo()
    with spoken(secure, authority) as two:
        assert two.ask(of("/sign-in")) == 200
