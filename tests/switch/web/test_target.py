"""What a request is asked of: RFC 9112, 3.2, and RFC 9110, 7.2, over a socket."""

from urllib.parse import urlsplit

import pytest

from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open
from tests.switch.web.raw import asked

FOUND = 200
NONE_SUCH = 404
NO_REQUEST = 400


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /sign-in HTTP/1.1", FOUND),
        ("GET http://@/sign-in HTTP/1.1", FOUND),
        ("GET HTTP://LOCALHOST/sign-in HTTP/1.1", FOUND),
        ("GET http://[::1]:80/sign-in HTTP/1.1", FOUND),
        ("GET http://@/sign-in?back=/all HTTP/1.1", FOUND),
        ("GET http://@ HTTP/1.1", 303),
        ("GET http://@?a=b HTTP/1.1", 303),
        ("GET http://@/v1/catalogue HTTP/1.1", 401),
        ("GET http://@/nothing HTTP/1.1", NONE_SUCH),
        ("GET http://@//sign-in HTTP/1.1", NONE_SUCH),
        ("GET https://@/sign-in HTTP/1.1", NO_REQUEST),
        ("GET ftp://@/sign-in HTTP/1.1", NO_REQUEST),
        ("GET http:///sign-in HTTP/1.1", NO_REQUEST),
        ("GET http:sign-in HTTP/1.1", NO_REQUEST),
        ("GET http://me:pw%40@/sign-in HTTP/1.1", NO_REQUEST),
        ("GET http://localhost:65536/sign-in HTTP/1.1", NO_REQUEST),
        ("GET http://[::1/sign-in HTTP/1.1", NO_REQUEST),
        ("GET http://evil.example/sign-in HTTP/1.1", NO_REQUEST),
        ("OPTIONS * HTTP/1.1", FOUND),
        ("OPTIONS http://@ HTTP/1.1", FOUND),
        ("OPTIONS /sign-in HTTP/1.1", 405),
        ("GET * HTTP/1.1", NO_REQUEST),
        ("CONNECT @ HTTP/1.1", NO_REQUEST),
        ("CONNECT /sign-in HTTP/1.1", 405),
        ("GET @ HTTP/1.1", NO_REQUEST),
        ("GET sign-in HTTP/1.1", NO_REQUEST),
        ("GET /sign-in#here HTTP/1.1", NO_REQUEST),
        ("GET /sign-in?a=b#here HTTP/1.1", NO_REQUEST),
        ("GET //sign-in HTTP/1.1", NONE_SUCH),
        ("GET //evil.example/sign-in/ HTTP/1.1", NONE_SUCH),
        ("GET /%2Fevil.example/sign-in/ HTTP/1.1", NONE_SUCH),
        ("GET /%5Cevil.example/sign-in/ HTTP/1.1", NONE_SUCH),
        ("GET /sign%2din HTTP/1.1", FOUND),
        ("GET /sign%2Din HTTP/1.1", FOUND),
        ("GET /sign-in;v=1 HTTP/1.1", NONE_SUCH),
        ("GET /show/../sign-in HTTP/1.1", NONE_SUCH),
        ("GET /show/%2e%2e/sign-in HTTP/1.1", NONE_SUCH),
        ("GET /v1/show/%2e%2e HTTP/1.1", 401),
        ("GET /v1/show/stores%2Fx HTTP/1.1", NONE_SUCH),
        ("GET /v1/show/a%00b HTTP/1.1", 401),
        ("GET /sign-in/ HTTP/1.1", 307),
        ("TRACE /sign-in HTTP/1.1", 405),
        ("GET /sign-in HTTP/1.9", FOUND),
        ("GET /sign-in HTTP/2.0", NO_REQUEST),
        ("PRI * HTTP/2.0", NO_REQUEST),
    ],
)
def test_what_is_asked_of_is_read_in_each_of_its_forms(
    address: str, line: str, status: int
) -> None:
    assert asked(address, line).status == status


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("GET http://@/sign-in HTTP/1.1", "evil.example", FOUND),
        ("GET http://@/sign-in HTTP/1.0", "", FOUND),
        ("GET /sign-in HTTP/1.1", "", NO_REQUEST),
        ("GET /sign-in HTTP/1.0", "", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", " ", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "localhost:", FOUND),
        ("GET /sign-in HTTP/1.1", "LocalHost:1", FOUND),
        ("GET /sign-in HTTP/1.1", "localhost:65536", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "localhost.", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "localhost/evil", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "localhost, evil.example", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "localhost\r\nHost: localhost", NO_REQUEST),
        ("GET /sign-in HTTP/1.1", "evil.example\r\nX-Forwarded-Host: localhost", NO_REQUEST),
    ],
)
def test_the_name_it_is_asked_for_is_the_addresss_before_that_of_the_header(
    address: str, line: str, host: str, status: int
) -> None:
    assert asked(address, line, host=host).status == status


def test_a_program_that_asks_for_another_name_is_told_so_as_programs_are(address: str) -> None:
    told = asked(address, "GET http://evil.example/v1/catalogue HTTP/1.1")
    assert told.status == NO_REQUEST
    assert b'"code":"E-REQUEST"' in told.body
    assert told.headers["content-type"] == "application/json"
    page = asked(address, "GET /sign-in HTTP/1.1", "Accept-Language: en", host="evil.example")
    assert b"[web] names" in page.body
    assert "set-cookie" not in page.headers
    assert "default-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Content-Length: 2", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Content-Length: 5"), b"0\r\n\r\n"),
        (("Content-Length: 2", "Content-Length: 3"), b"{}"),
        (("Content-Length: +2",), b"{}"),
        (("Content-Length: -1",), b""),
        (("Content-Length: 999999999999999999999",), b""),
        (("Transfer-Encoding : chunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"zz\r\n{}\r\n0\r\n\r\n"),
    ],
)
def test_a_body_whose_length_is_told_in_two_ways_is_none(
    address: str, headers: tuple[str, ...], body: bytes
) -> None:
    """RFC 9112, 6.3: what stands between would read two requests out of one."""
    told = asked(address, "POST /v1/do/file.send HTTP/1.1", *headers, body=body)
    assert told.status == NO_REQUEST


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity", "xchunked"])
def test_a_coding_that_is_not_understood_is_said_so(address: str, coding: str) -> None:
    header = f"Transfer-Encoding: {coding}"
    assert asked(address, "POST /v1/do/file.send HTTP/1.1", header).status == 501


def test_chunks_of_a_version_that_has_none_are_not_read(address: str) -> None:
    chunks = b"2\r\n{}\r\n0\r\n\r\n"
    line, header = "POST /v1/do/file.send HTTP/1.{}", "Transfer-Encoding: chunked"
    assert asked(address, line.format(0), header, body=chunks).status == NO_REQUEST
    assert asked(address, line.format(1), header, body=chunks).status == 401


def test_who_waits_to_be_let_send_is_let_send(address: str) -> None:
    headers = "Expect: 100-continue", "Content-Length: 2"
    told = asked(address, "POST /v1/do/file.send HTTP/1.1", *headers, body=b"{}")
    assert told.status == 100
    assert told.body.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(("size", "status"), [(20_000, FOUND), (100_000, 431)])
def test_a_long_query_is_read_or_refused(address: str, size: int, status: int) -> None:
    assert asked(address, f"GET /sign-in?x={'a' * size} HTTP/1.1").status == status


def test_a_form_comes_from_the_name_that_was_asked_for(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """By a whole address, its host is what Origin is held against, whatever `Host` says."""
    browser = shared_front()
    browser.sign_in(shared_bureau.admin)
    browser.get("/do/merchant.suspend")
    at = str(browser.client.base_url).rstrip("/")
    told = f"form_token={browser.token}&how=rehearse&merchant_id={HOME['merchant']}"
    headers = [
        "Cookie: " + "; ".join(f"{one.name}={one.value}" for one in browser.client.cookies.jar),
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(told)}",
    ]
    line = "POST http://@/do/merchant.suspend HTTP/1.1"
    for origin, host, status in (
        (at, "evil.example", 422),
        ("http://evil.example", "evil.example", 403),
        ("http://evil.example", urlsplit(at).netloc, 403),
    ):
        answer = asked(at, line, *headers, f"Origin: {origin}", host=host, body=told.encode())
        assert answer.status == status, (origin, host)


def test_every_page_that_is_opened_is_asked_for_its_head_as_well(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """RFC 9110, 9.3.2: the same, without the page."""
    browser = shared_front()
    stranger = shared_front()
    for path in ("/sign-in", "/invitation", "/me/sign-in", "/check", "/voucher/x", "/nothing"):
        page, head = stranger.get(path), stranger.client.head(path)
        assert (head.status_code, head.content) == (page.status_code, b""), path
    browser.sign_in(shared_bureau.admin)
    listed = (
        "/all",
        "/show/people",
        "/export/people",
        "/do/person.save",
        "/api",
        "/static/style.css",
    )
    for path in ("/", *listed, "/v1/catalogue", "/v1/show/people", "/live/"):
        page_status = browser.client.get(path).status_code if path != "/live/" else 200
        assert browser.client.head(path).status_code == page_status, path
    assert browser.client.head("/v1/do/person.save").status_code == 405
    secret = {"phone": "13800138202"}
    assert browser.client.head("/show/cards", params=secret).status_code == 422, "as by GET"
