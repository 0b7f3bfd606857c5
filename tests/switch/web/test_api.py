"""The JSON API: the same rows, for programs."""

import re
import socket
from typing import Any

import httpx
import pytest

from host.model.office import Done
from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open


def _api(front: Open, bureau: Bureau) -> httpx.Client:
    client = front().client
    client.headers["authorization"] = f"Bearer {bureau.admin.session.reveal().decode()}"
    return client


def test_a_program_signs_in_looks_and_does(front: Open, bureau: Bureau) -> None:
    client = front().client
    told = {"login": "root", "password": bureau.admin.password, "code": bureau.code(bureau.admin)}
    done = client.post("/v1/do/session.sign_in", json={"values": told}).json()
    client.headers["authorization"] = f"bearer {done['shown_once']['session']}"
    assert "set-cookie" not in client.get("/v1/show/people").headers
    page = client.get("/v1/show/merchants", params={"rows": "1", "count": ""}).json()
    assert page["type"] == "page"
    assert page["count"] == 3
    assert len(page["rows"]) == 1
    more = client.get("/v1/show/merchants", params={"rows": "1", "after": page["next"]}).json()
    assert more["rows"] != page["rows"]
    merchant = page["rows"][0][page["columns"].index("merchant_id")]
    asked = {"values": {"merchant_id": merchant, "note": "by a program"}, "once_key": "k" * 32}
    first = client.post("/v1/do/merchant.suspend", json=asked)
    assert first.status_code == 200, first.text
    assert client.post("/v1/do/merchant.suspend", json=asked).text == first.text


def test_the_catalogue_has_what_the_bearer_may(front: Open, bureau: Bureau) -> None:
    told = _api(front, bureau).get("/v1/catalogue").json()
    assert told["login"] == "root"
    assert {one["id"] for one in told["views"]} >= {"people", "merchants"}
    (save,) = [one for one in told["actions"] if one["id"] == "merchant.save"]
    assert {one["name"] for one in save["fields"]} >= {"merchant_id", "name"}


def test_what_is_found_by_a_secret_is_sent_in_the_body(front: Open, bureau: Bureau) -> None:
    client = _api(front, bureau)
    in_address = client.get("/v1/show/cards", params={"phone": "13800001234"})
    assert (in_address.status_code, in_address.json()["field"]) == (422, "phone")
    assert "POST" in in_address.json()["en"]
    in_body = client.post("/v1/show/cards", json={"filters": {"phone": "13800001234"}})
    assert in_body.json() == client.get("/v1/show/cards", params={"batch": "NONE"}).json()
    merchants = client.post("/v1/show/merchants", json={"rows": 1, "count": True}).json()
    assert (len(merchants["rows"]), merchants["count"]) == (1, 3)
    wrongs: list[Any] = [{"rows": 0}, {"filter": {}}, [1], {"after": ["x"] * 1_000}]
    for wrong in wrongs:
        answer = client.post("/v1/show/merchants", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "E-FIELD")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("show/people?login=a&rows=200&count", None, 200, None),
        ("show/people?login=a&login=b", None, 422, "E-FIELD"),
        ("show/people?rows=0", None, 422, "E-FIELD"),
        ("show/people?rows=201", None, 422, "E-FIELD"),
        ("show/people?rows=many", None, 422, "E-FIELD"),
        ("show/people?sort=login", None, 422, "E-FIELD"),
        ("show/people?nothing=1", None, 422, "E-FIELD"),
        ("show/people?count=false&rows=1", None, 200, None),
        ("show/people?count=perhaps", None, 422, "E-FIELD"),
        ("show/nothing", None, 404, "E-NOT-FOUND"),
        ("do/nothing", {}, 404, "E-NOT-FOUND"),
        ("do/merchant.suspend", {"values": {}}, 422, "E-FIELD"),
        ("do/merchant.suspend", {"values": []}, 422, "E-FIELD"),
        ("do/merchant.suspend", {"more": 1}, 422, "E-FIELD"),
        ("do/load.cash", {"values": {}}, 403, "E-NOT-YOUR-ROLE"),
    ],
)
def test_what_is_wrong_is_told_by_status_and_code(
    front: Open, bureau: Bureau, path: str, body: Any, status: int, code: str | None
) -> None:
    client = _api(front, bureau)
    answer = client.get(f"/v1/{path}") if body is None else client.post(f"/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json().get("code") == code


def test_without_a_bearer_nothing_is_told_whatever_cookie_there_is(
    front: Open, bureau: Bureau
) -> None:
    client = front().client
    client.cookies.set("posswitch_session", bureau.admin.session.reveal().decode())
    for headers in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer " + "x" * 5000}):
        answer = client.get("/v1/show/people", headers=headers)
        assert answer.status_code == 401, answer.text
        assert answer.json()["code"] == "E-SIGNED-OUT"
    for body in (b"", b"\xff", b"[", b'{"values": 1}'):
        assert client.post("/v1/do/person.save", content=body).status_code == 422


def test_a_key_is_a_bearer_with_its_own_limit(front: Open, bureau: Bureau) -> None:
    """S2-58: a program asks by its key, and who asks too often is told when to ask again."""
    told = bureau.with_code(
        bureau.admin, "api_client.save", client="erp", name="Stock", views=["stores"],
        scope="merchant", scope_key=HOME["merchant"], networks=["127.0.0.0/8"], calls_a_minute=4,
    )  # fmt: skip
    assert isinstance(told, Done), told
    rolled = bureau.with_code(bureau.admin, "api_client.roll", client="erp")
    assert isinstance(rolled, Done), rolled
    client = front().client
    client.headers["authorization"] = f"Bearer {rolled.shown_once['key']}"
    catalogue = client.get("/v1/catalogue").json()
    assert [one["id"] for one in catalogue["views"]] == ["stores"]
    assert (catalogue["actions"], catalogue["grant"]["role"]) == ([], "api_client")
    page = client.get("/v1/show/stores").json()
    assert {row[page["columns"].index("merchant")] for row in page["rows"]} == {HOME["merchant"]}
    assert client.get("/v1/show/people").status_code == 403
    assert client.post("/v1/do/store.save", json={"values": {}}).status_code == 403
    often = client.get("/v1/show/stores")
    assert (often.status_code, often.headers["retry-after"]) == (429, "60")


def test_rows_are_counted_where_that_is_asked_for(front: Open, bureau: Bureau) -> None:
    client = _api(front, bureau)
    for told, is_counted in (("", True), ("true", True), ("1", True), ("false", False)):
        page = client.get("/v1/show/merchants", params={"count": told}).json()
        assert (page["count"] is not None) is is_counted, told


def test_an_address_that_is_asked_in_another_way_says_how(front: Open, bureau: Bureau) -> None:
    """RFC 9110, 15.5.6: whoever is told 405 is told what is allowed."""
    client = _api(front, bureau)
    for method, path, allowed in (
        ("PUT", "/v1/show/people", {"GET", "HEAD", "POST"}),
        ("OPTIONS", "/v1/show/people", {"GET", "HEAD", "POST"}),
        ("GET", "/v1/do/merchant.suspend", {"POST"}),
        ("DELETE", "/v1/catalogue", {"GET", "HEAD"}),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "E-METHOD"), (method, path)
        assert set(answer.headers["allow"].split(", ")) == allowed, (method, path)
    page = front().client.put("/show/people")
    assert (page.status_code, page.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert set(page.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_what_is_no_address_of_the_api_is_told_as_json(front: Open) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing"):
        answer = front().client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "E-NOT-FOUND"), path


def test_who_is_nobody_is_told_how_to_say_who_they_are(front: Open) -> None:
    """RFC 6750, 3."""
    answer = front().client.get("/v1/show/people")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"once_key": 5}, "once_key"),
        ({"once_key": "k" * 65}, "once_key"),
        ({"values": []}, "values"),
        ({"value": {}}, "value"),
        ({"is_dry_run": "yes"}, "is_dry_run"),
        ([], None),
        ("x", None),
    ],
)
def test_what_is_wrong_with_a_body_is_told_by_its_field(
    front: Open, bureau: Bureau, body: Any, field: str | None
) -> None:
    answer = _api(front, bureau).post("/v1/do/merchant.suspend", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (422, "E-FIELD", field)
    assert (field or "no JSON object") in told["en"]
    assert not re.search("[a-z] [a-z]", told["zh"]), told["zh"]


def test_a_key_in_the_header_is_the_same_as_in_the_body(front: Open, bureau: Bureau) -> None:
    """draft-ietf-httpapi-idempotency-key-header: quoted there, and by many not."""
    client, path = _api(front, bureau), "/v1/do/merchant.suspend"
    values = {"merchant_id": HOME["merchant"], "note": "by a program"}
    first = client.post(path, json={"values": values, "once_key": "k9"})
    assert first.status_code == 200, first.text
    for told, key in (({}, '"k9"'), ({}, "k9"), ({"once_key": "k9"}, "k9")):
        again = client.post(path, json={"values": values} | told, headers={"Idempotency-Key": key})
        assert again.text == first.text, (told, key)
    for told, key in (({"once_key": "k8"}, "k9"), ({}, "k" * 65)):
        wrong = client.post(path, json={"values": values} | told, headers={"Idempotency-Key": key})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "once_key"), (told, key)


def test_what_has_to_be_found_by_something_says_by_what(front: Open, bureau: Bureau) -> None:
    client = _api(front, bureau)
    for view, field, en, zh in (
        ("draws", "lottery", "lottery: it has to be given", "lottery: 须给出"),
        ("batch_cards", "batch", "batch: batch, card: one of these has to be given",
         "batch: batch, card：须至少给出其中一个"),
    ):  # fmt: skip
        told = client.get(f"/v1/show/{view}").json()
        assert (told["field"], told["en"], told["zh"]) == (field, en, zh)
    assert client.get("/v1/show/nothing").json()["zh"] == "未找到该列表"


def test_a_body_that_is_nested_too_deeply_is_no_fault_of_ours(front: Open, bureau: Bureau) -> None:
    client, deep = _api(front, bureau), '{"a":' * 5_000 + "1" + "}" * 5_000
    for path, body in (
        ("do/merchant.suspend", f'{{"values": {deep}}}'),
        ("show/people", f'{{"filters": {deep}}}'),
        ("do/merchant.suspend", deep),
        ("do/merchant.suspend", "[" * 100_000),
    ):
        answer = client.post(f"/v1/{path}", content=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "E-FIELD"), path


def test_the_same_values_in_another_order_are_the_same_form(front: Open, bureau: Bureau) -> None:
    """Members of an object have no order (RFC 8259): a program may send them in another one."""
    client = _api(front, bureau)
    values = {"merchant_id": HOME["merchant"], "note": "by a program"}
    first = client.post("/v1/do/merchant.suspend", json={"values": values, "once_key": "k1"})
    assert first.status_code == 200, first.text
    turned = {"once_key": "k1", "values": dict(reversed(values.items()))}
    again = client.post("/v1/do/merchant.suspend", json=turned)
    assert (again.status_code, again.text) == (200, first.text)
    other = {"once_key": "k1", "values": values | {"note": "for another reason"}}
    assert client.post("/v1/do/merchant.suspend", json=other).json()["code"] == "E-ONCE"


def test_what_is_asked_of_the_server_as_a_whole_is_no_fault_of_ours(front: Open) -> None:
    """RFC 9112, 3.2.4: `OPTIONS *` names no address."""
    address = front().client.base_url
    with socket.create_connection((address.host, address.port), 10) as line:
        line.sendall(b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"allow: GET, HEAD, POST" in answer
    assert b"content-security-policy" in answer, "with what every answer has"
