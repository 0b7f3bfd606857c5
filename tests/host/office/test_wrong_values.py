"""Values that are good one by one and wrong together: each a refusal that names its field."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from host.model.office import Refused
from host.model.secrets import Secret
from host.office.action import Action
from host.office.fields import FORMS, Login, Name, Phone, Text, Values, schema_of_secret
from host.office.questions import value_of
from host.office.refusals import Refusal
from host.office.tables import ACTIONS, VIEWS
from host.office.valued import values_of
from host.office.view import View
from tests.host.office.conftest import HOME, Bureau, Person

ISSUER = "48882900"
DAYS: dict[str, Any] = {"valid_from": "2026-01-01", "valid_to": "2029-12-31"}
PRODUCT: dict[str, Any] = {
    "issuer": ISSUER, "code": "WRONG", "name": "Wrong", "form": "virtual", "face_minor_min": 5_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def manager(shared_bureau: Bureau) -> Person:
    return shared_bureau.person("issuer_manager")


def refused_of(bureau: Bureau, who: Person, action: str, values: dict[str, Any]) -> Refused:
    told = bureau.do(who, action, **values)
    if isinstance(told, Refused) and told.code == "E-STEP-UP":
        told = bureau.do(who, action, _code=bureau.code(who), **values)
    assert isinstance(told, Refused), told
    return told


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("face_minor_max", {"face_minor_max": 100, **DAYS}),
        ("valid_to", {"valid_from": "2027-01-01", "valid_to": "2026-01-01"}),
        ("valid_to", {**DAYS, "valid_days": 30}),
        ("valid_to", {"valid_from": "2026-01-01"}),
        ("activation", {**DAYS, "activation": []}),
        ("face_minor_max", {**DAYS, "face_minor_min": 10**11}),
        ("face_minor_max", {**DAYS, "balance_minor_max": 4_999}),
    ],
)
def test_what_a_product_cannot_be_is_told_of_its_field(
    shared_bureau: Bureau, manager: Person, field: str, values: dict[str, Any]
) -> None:
    told = refused_of(shared_bureau, manager, "product.revise", PRODUCT | values)
    assert (told.code, told.field) == ("E-FIELD", field)
    assert "product_" not in told.en


def test_a_grant_that_ends_before_it_begins_is_none(shared_bureau: Bureau) -> None:
    told = refused_of(
        shared_bureau,
        shared_bureau.admin,
        "person.save",
        {"login": "late", "name": "Late", "role": "auditor", "scope": "platform",
         "until": shared_bureau.now - dt.timedelta(days=1)},
    )  # fmt: skip
    assert (told.code, told.field) == ("E-FIELD", "until")


@pytest.mark.parametrize(
    ("action", "field", "values"),
    [
        ("vendor.save", "contact", {"issuer": ISSUER, "name": "Nobody", "contact": ""}),
        ("product.revise", "name", {**PRODUCT, **DAYS, "name": ""}),
        ("product.revise", "code", {**PRODUCT, **DAYS, "code": " "}),
    ],
)  # fmt: skip
def test_a_text_that_says_nothing_is_none(
    shared_bureau: Bureau, manager: Person, action: str, field: str, values: dict[str, Any]
) -> None:
    told = refused_of(shared_bureau, manager, action, values)
    assert (told.code, told.field) == ("E-FIELD", field)


def test_an_issuer_has_a_currency_that_messages_can_name(shared_bureau: Bureau) -> None:
    values = {
        "institution_id": "48880001", "name": "Elsewhere", "pan_prefix": "9911", "currency": "XYZ",
        "amount_minor_max": 1, "balance_minor_max": 1, "pin_tries_max": 3,
    }  # fmt: skip
    told = refused_of(shared_bureau, shared_bureau.admin, "issuer.save", values)
    assert (told.code, told.field) == ("E-FIELD", "currency")
    assert "CNY" in told.en
    assert HOME["issuer"] == ISSUER


def test_every_pattern_of_a_value_has_a_sentence() -> None:
    patterns = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps([
        msgspec.json.schema(action.values, schema_hook=schema_of_secret)
        for action in ACTIONS.values()
    ])))  # fmt: skip
    assert {json.loads(f'"{each}"') for each in patterns} == set(FORMS)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("merchant_id", "888", "it is 15 letters or digits"),
        ("name", " ", "it has a letter, and no blank at its ends"),
        ("owner", "Wang", "it is small letters and digits, 2 to 32, the first a letter"),
        ("owner_phone", "12", "it is 11 digits, or + with the country and the number"),
        ("name", "x" * 41, "it has 40 characters at most"),
        ("colour", "red", "there is no such field"),
    ],
)
def test_a_person_reads_what_a_value_has_to_be(
    shared_bureau: Bureau, field: str, value: str, problem: str
) -> None:
    values = {"merchant_id": "888290054119999", field: value}
    told = refused_of(shared_bureau, shared_bureau.admin, "merchant.save", values)
    assert told.en == f"{field}: {problem}"


def test_numbers_that_cannot_be_given_are_told_by_their_lines(
    shared_bureau: Bureau, manager: Person
) -> None:
    """S1-02: chosen numbers."""
    product = {**PRODUCT, **DAYS, "code": "LINES"}
    made = shared_bureau.done(manager, "product.revise", **product)
    values = {
        "product": int(made.subject), "name": "Lines", "cards": 3, "responsible": manager.login,
        "numbers": "9999000000000001\n12\nabc",
    }  # fmt: skip
    told = refused_of(shared_bureau, manager, "card_batch.create", values)
    assert told.code == "E-NUMBER"
    assert "line 2: its length is wrong; line 3: it is not a number" in told.en
    assert "第 3 行: 不是号码" in told.zh


def test_a_state_and_a_subject_are_said_in_the_language_of_who_reads(
    shared_bureau: Bureau, manager: Person
) -> None:
    told = refused_of(shared_bureau, manager, "card_batch.edit", {"batch": "CB-1", "name": "None"})
    assert (told.en, told.zh) == ("there is no card batch of that name here", "未找到该卡批次")
    bureau, admin = shared_bureau, shared_bureau.admin
    who = bureau.person("auditor")
    bureau.with_code(admin, "person.disable", login=who.login, note="gone for good")
    told = refused_of(bureau, admin, "person.disable", {"login": who.login, "note": "once more"})
    assert told.code == "E-STATE"
    assert "状态为 已停用" in told.zh


WRONG: tuple[Any, ...] = (
    "31/12/2029", "", 5, True, [], {}, -1, 1.5, ["x"], 10**30, "x" * 5_000, "a\n`b` 'c'",
)  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_no_wrong_value_is_told_in_the_words_of_a_library(action: Action[Any]) -> None:
    fields = msgspec.structs.fields(action.values)
    told = [problem for field in fields for problem in _problems(action, field.name)]
    assert not [each for each in told if re.search(r"`|Expected|Invalid|RFC|regex|Object", each)]


class Texts(Values, frozen=True, kw_only=True):
    name: Name = "N"
    logins: tuple[Login, ...] = ()
    phone: Phone | None = None
    text: Text = ""


@pytest.mark.parametrize(
    ("field", "value"), [("name", "Ann\n"), ("logins", ["ann\n"]), ("phone", "13800001234\n")]
)
def test_a_text_of_one_line_has_no_line_end_behind_it(field: str, value: object) -> None:
    row = replace(ACTIONS["person.save"], values=Texts)
    with pytest.raises(Refusal, match="it has a line end in it") as refused:
        values_of(row, json.dumps({field: value}).encode())
    assert refused.value.field == field
    told = values_of(row, json.dumps({"text": "two\nlines"}).encode())
    assert msgspec.structs.asdict(told)["text"] == "two\nlines"


def _problems(action: Action[Any], field: str) -> Iterator[str]:
    for value in WRONG:
        try:
            values_of(action, json.dumps({field: value}).encode())
        except Refusal as refusal:
            yield str(refusal)


class Days(Values, frozen=True, kw_only=True):
    day: dt.date | None = None
    at: dt.datetime | None = None


@pytest.mark.parametrize("year", ["0001", "1899", "9901", "9999"])
@pytest.mark.parametrize(("field", "rest"), [("day", "-01-01"), ("at", "-12-31T23:00:00Z")])
def test_a_day_from_which_nothing_can_be_reckoned_is_told_of_its_field(
    year: str, field: str, rest: str
) -> None:
    row = replace(ACTIONS["person.save"], values=Days)
    with pytest.raises(Refusal, match="a day is larger than can be kept") as refused:
        values_of(row, json.dumps({field: year + rest}).encode())
    assert refused.value.field == field
    told = values_of(row, json.dumps({field: f"2026{rest}"}).encode())
    assert getattr(told, field).year == 2026


def test_what_is_paid_up_to_the_first_day_of_all_is_no_fault_of_ours(
    shared_bureau: Bureau,
) -> None:
    who = shared_bureau.person("finance")
    told = shared_bureau.do(who, "payout.instruct", _is_dry_run=True, date="0001-01-01")
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "date")


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_list_of_a_day_that_nothing_is_reckoned_from_is_told_of_its_filter(view: View) -> None:
    for row in view.filters:
        if row.kind in {dt.date, dt.datetime}:
            for day in ("0001-01-01", "9999-12-31"):
                text = day if row.kind is dt.date else f"{day}T12:00:00Z"
                with pytest.raises(Refusal, match="a day is larger than can be kept") as refused:
                    value_of(row, Secret(text.encode()))
                assert refused.value.field == row.name


def test_what_a_member_moved_since_the_first_day_of_all_is_no_fault_of_ours(
    shared_bureau: Bureau,
) -> None:
    member = shared_bureau.member("13900007711")
    for day in ("0001-01-01", "9999-12-31"):
        for name in ("since", "until"):
            told = shared_bureau.look(member, "my_moves", filters={name: Secret(day.encode())})
            assert isinstance(told, Refused)
            assert (told.code, told.field) == ("E-FIELD", name)
