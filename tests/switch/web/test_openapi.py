"""The API described: an independent validator takes it, and answers are what it says."""

import html
import json
import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from config.language import chinese_of
from config.tasks.openapi import whole_document
from host.office.catalogue import listed
from host.office.schemas import schemas_of
from host.office.stock_refusals import ALL_REFUSALS
from host.office.tables import ACTIONS, VIEWS
from switch.web.guard import LANGUAGE, SESSION
from switch.web.openapi import document_of
from tests.commands import run_command
from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open

Document = dict[str, Any]
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def whole() -> Document:
    """As it is sent."""
    return as_sent(whole_document())


@pytest.fixture(scope="module")
def all_there_is() -> Document:
    """Of all actions and views, those that no program has as well; it is OpenAPI 3.1."""
    document = as_sent(document_of(*everything()))
    OpenAPIV31SpecValidator(document).validate()
    return document


def everything() -> tuple[Any, Any, Any]:
    actions, views = tuple(ACTIONS.values()), tuple(VIEWS.values())
    return *listed(actions, views), schemas_of(actions, views)


def as_sent(document: Document) -> Document:
    told: Document = json.loads(json.dumps(document))
    return told


def resolved(document: Document, schema: Document) -> Document:
    """A schema that stands for itself, with what it refers to."""
    return {**schema, "components": document["components"]}


def of_answer(document: Document, path: str, method: str, status: str = "200") -> Document:
    told = document["paths"][path][method]["responses"][status]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    return resolved(document, told["content"]["application/json"]["schema"])


def test_the_whole_of_it_is_openapi_3_1(whole: Document, all_there_is: Document) -> None:
    """S2-58: what a tool makes a client of; all of it is in what was validated, word for word."""
    assert whole.keys() == all_there_is.keys()
    assert whole["paths"].items() <= all_there_is["paths"].items()
    assert whole["components"].keys() == all_there_is["components"].keys()
    for name, part in whole["components"].items():
        assert part.items() <= all_there_is["components"][name].items()
    rest = whole.keys() - {"paths", "components", "tags"}
    assert {name: whole[name] for name in rest} == {name: all_there_is[name] for name in rest}
    assert {one["name"] for one in whole["tags"]} <= {one["name"] for one in all_there_is["tags"]}
    assert {f"/v1/show/{one}" for one in VIEWS} <= whole["paths"].keys()
    called = {f"/v1/do/{one.id}" for one in ACTIONS.values() if one.may_be_called}
    assert called == {path for path in whole["paths"] if path.startswith("/v1/do/")}
    names = [row["operationId"] for told in whole["paths"].values() for row in told.values()]
    assert len(names) == len(set(names))
    codes = {each["const"] for each in whole["components"]["schemas"]["Code"]["oneOf"]}
    assert codes >= ALL_REFUSALS.keys() | {"E-HOST-AWAY", "E-IN-DOUBT"}


def test_every_field_is_called_something_in_both_languages(whole: Document) -> None:
    for path, told in whole["paths"].items():
        for row in told.values():
            assert row["summary"], path
            for one in row.get("parameters", ()):
                is_ours = one["name"] not in {"rows", "after", "count", "Idempotency-Key"}
                assert not is_ours or one["schema"]["x-zh"], (path, one)
    for action in ACTIONS.values():
        if action.may_be_called:
            asked = whole["paths"][f"/v1/do/{action.id}"]["post"]["requestBody"]["content"]
            values = asked["application/json"]["schema"]["properties"]["values"]
            schema = whole["components"]["schemas"][values["$ref"].rpartition("/")[2]]
            for name, field in schema.get("properties", {}).items():
                assert field["x-zh"], (action.id, name)


PUT_IN = {"{field}: {problem}"}
"""What is said of a refusal by what is put in alone."""


def in_words(told: Any) -> list[str]:
    """All that is called or said of something, wherever it stands; not what a type is named."""
    if isinstance(told, list):
        return [word for each in told for word in in_words(each)]
    if not isinstance(told, dict):
        return []
    is_named = {"x-zh", "x-en"} & told.keys()
    names = ("description", "title", "summary") if is_named else ("description",)
    own = [told[name] for name in names if isinstance(told.get(name), str)]
    return [*own, *(word for each in told.values() for word in in_words(each))]


def test_for_who_reads_chinese_everything_is_called_and_said_in_chinese(
    all_there_is: Document,
) -> None:
    """S4-17: but for its words it is the document that was validated."""
    english, chinese = all_there_is, as_sent(document_of(*everything(), chinese_of))
    words = set(in_words(chinese)) - PUT_IN
    assert [word for word in sorted(words) if not HAN.search(word)] == []
    names = {"x-zh", "x-en", "description", "title", "summary"}
    assert without(chinese, names) == without(english, names), "ids and fields are the same"
    assert not [word for word in in_words(english) if HAN.search(word)]


def without(told: Any, names: set[str]) -> Any:
    if isinstance(told, dict):
        kept = (name for name in told if name not in names or not isinstance(told[name], str))
        return {name: without(told[name], names) for name in kept}
    return [without(each, names) for each in told] if isinstance(told, list) else told


def test_the_document_is_in_the_language_that_is_asked_for(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    browser, owner = shared_front(), shared_bureau.person("merchant_owner")
    session = owner.session.reveal().decode()
    as_program = {"authorization": f"Bearer {session}"}
    path = "/v1/openapi.json"
    for asked, language in (
        ({}, "en"),
        ({"accept-language": "zh-CN,zh;q=0.9"}, "zh-CN"),
        ({"accept-language": "en-GB"}, "en"),
        ({"accept-language": "fr"}, "en"),
    ):
        told = browser.client.get(path, headers=as_program | asked)
        assert told.headers["content-language"] == language
        called = told.json()["paths"]["/v1/show/stores"]["get"]["summary"]
        assert bool(HAN.search(called)) is (language == "zh-CN"), (asked, called)
    browser.client.cookies.set(SESSION, session)
    beside = "/api/openapi.json"
    assert browser.get(beside).headers["content-language"] == "en"
    browser.client.cookies.set(LANGUAGE, "zh")
    assert browser.get(beside).headers["content-language"] == "zh-CN", "as it was chosen"


def test_no_description_of_the_chinese_pages_lacks_chinese(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    """Each row that a platform's administrator and a merchant have."""
    for role in ("platform_admin", "merchant_owner"):
        browser = shared_front()
        who = shared_bureau.admin if role == "platform_admin" else shared_bureau.person(role)
        browser.client.cookies.set(SESSION, who.session.reveal().decode())
        index = browser.get("/api", headers={"accept-language": "zh-CN"}).text
        pages = [index]
        paths = sorted(set(re.findall(r'href="(/api/(?:show|do)/[a-z_.]+)"', index)))
        pages += [browser.get(one, headers={"accept-language": "zh-CN"}).text for one in paths]
        assert len(pages) > 20, role
        for page in (each.partition("<main")[2] for each in pages):
            found = re.findall(r"<h1>(.*?)</h1>|<p>(\w.*?)</p>|<small>(.*?)</small>", page)
            found += re.findall(r'<td data-label="内容">([^<]+)()()<', page)
            words = {html.unescape(word) for told in found for word in told if word} - PUT_IN
            assert words, page
            assert [word for word in words if not HAN.search(word)] == []


def test_the_command_prints_it() -> None:
    done = run_command("openapi")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["openapi"] == "3.1.0"


def test_what_the_bearer_may_is_described_and_answers_are_as_described(
    front: Open, bureau: Bureau
) -> None:
    owner = bureau.person("merchant_owner")
    client = front().client
    client.headers["authorization"] = f"Bearer {owner.session.reveal().decode()}"
    document = client.get("/v1/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    catalogue = client.get("/v1/catalogue").json()
    rows = {f"/v1/show/{one['id']}" for one in catalogue["views"]}
    rows |= {f"/v1/do/{one['id']}" for one in catalogue["actions"]}
    assert document["paths"].keys() == rows | {"/v1/catalogue"}
    for path in sorted(rows):
        if path.startswith("/v1/show/"):
            [how] = document["paths"][path]
            answer = client.get(path) if how == "get" else client.post(path, json={})
            schema = of_answer(document, path, how, str(answer.status_code))
            jsonschema.validate(answer.json(), schema)
    values = {"phone": "13900006666", "merchant": HOME["merchant"]}
    body = {"values": values, "once_key": "k" * 20}
    asked = document["paths"]["/v1/do/member.add"]["post"]["requestBody"]["content"]
    schema = resolved(document, asked["application/json"]["schema"])
    jsonschema.validate(body, schema)
    wrongs: list[Document] = [
        {"values": {}},
        {"values": {**values, "x": 1}},
        {"values": values, "x": 1},
    ]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
        answer = client.post("/v1/do/member.add", json=wrong)
        assert answer.status_code == 422
        told = of_answer(document, "/v1/do/member.add", "post", "422")
        jsonschema.validate(answer.json(), told)
    done = client.post("/v1/do/member.add", json=body).json()
    jsonschema.validate(done, of_answer(document, "/v1/do/member.add", "post"))
    assert client.get("/v1/openapi.json", headers={"authorization": ""}).status_code == 401


def test_the_pages_of_the_api_are_of_the_grant_in_use(
    shared_front: Open, shared_bureau: Bureau
) -> None:
    browser = shared_front()
    owner = shared_bureau.person("merchant_owner")
    assert browser.get("/api", follow_redirects=False).status_code == 303
    browser.client.cookies.set(SESSION, owner.session.reveal().decode())
    index = browser.get("/api").text
    assert "/api/show/stores" in index
    assert "/api/do/member.add" in index
    assert "E-NOT-FOUND" in index
    assert "/api/do/issuer.save" not in index
    page = browser.get("/api/do/member.add").text
    assert "POST /v1/do/member.add" in page
    assert "once_key" in page
    assert browser.get("/api/do/issuer.save").status_code == 404
    assert browser.get("/api/openapi.json").json()["openapi"] == "3.1.0"
