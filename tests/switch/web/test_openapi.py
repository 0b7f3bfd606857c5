"""The API described: an independent validator takes it, and answers are what it says."""

import json
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from config.tasks.openapi import whole_document
from host.office.stock_refusals import ALL_REFUSALS
from host.office.tables import ACTIONS, VIEWS
from switch.web.guard import SESSION
from tests.commands import run_command
from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open

Document = dict[str, Any]


@pytest.fixture(scope="module")
def whole() -> Document:
    """As it is sent."""
    told: Document = json.loads(json.dumps(whole_document()))
    return told


def resolved(document: Document, schema: Document) -> Document:
    """A schema that stands for itself, with what it refers to."""
    return {**schema, "components": document["components"]}


def of_answer(document: Document, path: str, method: str, status: str = "200") -> Document:
    told = document["paths"][path][method]["responses"][status]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    return resolved(document, told["content"]["application/json"]["schema"])


def test_the_whole_of_it_is_openapi_3_1(whole: Document) -> None:
    """S2-58: what a tool makes a client of."""
    OpenAPIV31SpecValidator(whole).validate()
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
                is_ours = one["name"] not in {"rows", "after", "count"}
                assert not is_ours or one["schema"]["x-zh"], (path, one)
    for action in ACTIONS.values():
        if action.may_be_called:
            asked = whole["paths"][f"/v1/do/{action.id}"]["post"]["requestBody"]["content"]
            values = asked["application/json"]["schema"]["properties"]["values"]
            schema = whole["components"]["schemas"][values["$ref"].rpartition("/")[2]]
            for name, field in schema.get("properties", {}).items():
                assert field["x-zh"], (action.id, name)


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
