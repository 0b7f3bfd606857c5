"""Every row of the two tables is whole: labels, roles, words, and what it names is there."""

import re
import types
import typing

import msgspec
import psycopg
import pytest

from host.model.instruments import BatchState, CardStatus, Form, SaleState
from host.office.action import Second, Step
from host.office.catalogue import listed
from host.office.fields import schema_of_secret
from host.office.questions import SQL
from host.office.roles import CONFLICTS, ROLES
from host.office.stock_refusals import ALL_REFUSALS
from host.office.tables import ACTIONS, VIEWS
from host.office.words import WORDS
from host.stock.sales import Channel

CHINESE = range(0x4E00, 0x9FFF)


def has_chinese(text: str) -> bool:
    return any(ord(letter) in CHINESE for letter in text)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_says_what_it_is_in_two_languages_and_whose(action) -> None:
    assert action.en
    assert has_chinese(action.zh)
    assert action.roles
    assert action.roles | action.may_approve <= ROLES.keys()
    for field in msgspec.structs.fields(action.values):
        assert field.name in WORDS, f"{action.id}: put {field.name} into WORDS"


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_code_of_who_agrees_is_asked_for_where_somebody_has_to_agree(action) -> None:
    if action.step is Step.OWNERS:
        assert action.second is Second.ALWAYS
        assert action.said is not None, f"{action.id}: say what the code lets happen"
        assert action.foretold is not None, f"{action.id}: show what would happen"


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_has_a_json_schema(action) -> None:
    schema = msgspec.json.schema(action.values, schema_hook=schema_of_secret)
    assert schema["$defs"]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_says_what_it_is_and_names_what_is_there(view) -> None:
    assert view.en
    assert has_chinese(view.zh)
    assert view.roles <= ROLES.keys()
    assert view.id in SQL, (
        f"write `-- name: {view.id}` and its statement into host/office/views.sql"
    )
    assert set(view.actions) <= ACTIONS.keys(), f"{view.id}: an action that is not in _ACTIONS"
    for named in (*view.columns, *view.filters):
        assert named.name in WORDS, f"{view.id}: put {named.name} into WORDS"
        opens = getattr(named, "opens", "")
        assert not opens or opens in VIEWS, f"{view.id}: {named.name} opens no row of _VIEWS"
    shown = {one.name for one in view.columns}
    for column in view.order:
        assert column in shown | {"id"}, (
            f"{view.id}: show {column}, or order by what is shown and id"
        )


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_is_hidden_from_somebody_is_not_found_out_by_a_filter_or_an_order(view) -> None:
    hidden = {one.name for one in view.columns if one.hidden_from or one.right}
    orders = {column for one in view.filters for column in one.order} | set(view.order)
    assert not hidden & ({one.column for one in view.filters} | orders)


CONSTRAINED = {
    ("card_batches", "state"): "card_batch_state_check",
    ("members", "state"): "member_state",
    ("shipments", "state"): "shipment_state",
    ("moves", "state"): "move_state",
    ("people", "state"): "person_state",
    ("approvals", "state"): "approval_state",
    ("jobs", "state"): "job_state",
    ("lotteries", "state"): "lottery_state",
    ("disclosures", "kind"): "disclosure_kind",
}
"""What the database lets stand where a filter has its words."""


@pytest.mark.parametrize(("view", "name"), CONSTRAINED)
def test_a_filter_has_the_words_that_its_column_may_be(module_estate, view, name) -> None:
    with psycopg.connect(module_estate.owner) as connection:
        row = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
            (CONSTRAINED[view, name],),
        ).fetchone()
    assert row is not None
    [words] = [one.choices for one in VIEWS[view].filters if one.name == name]
    assert set(words) == set(re.findall(r"'(\w+)'", row[0]))


def test_a_filter_of_what_is_one_of_a_few_has_its_words() -> None:
    """S1-46."""
    fixed = {
        "state",
        "kind",
        "event",
        "card_status",
        "employee_state",
        "trigger",
        "voucher_status",
        "prize_state",
        "statement_state",
        "payout_state",
        "payer",
        "act",
        "says",
        "way",
        "tender",
        "role",
        "scope",
        "subject_kind",
        "recon_source",
        "difference",
        "direction",
        "period",
        "report",
        "shown_at",
    }
    for view in VIEWS.values():
        for one in view.filters:
            assert bool(one.choices) is (one.name in fixed), f"{view.id}: {one.name}"


PROPER = re.compile(
    r"POS|CSV|A4 \d×\d|[LMQH]|PDF|JSON|ascii87|up-ecb(-tdes)?|x9\.9|x9\.19|tdes-cbc|cmac"
    r"|(aes|tdes)-dukpt"
)
"""Names that are the same in Chinese."""


def test_what_may_be_chosen_is_called_by_its_words() -> None:
    actions, views = listed(ACTIONS.values(), VIEWS.values())
    offered = [
        *((one.id, each.name, each.choices) for one in actions for each in one.fields),
        *((one.id, each.name, each.choices) for one in views for each in one.filters),
    ]
    codes = {
        f"{place}: {name} {choice.value}"
        for place, name, choices in offered
        for choice in choices
        if not has_chinese(choice.zh) and not PROPER.fullmatch(choice.zh)
    }
    assert not codes, f"put into WORDS of host/office/words.py: {sorted(codes)}"


def test_every_statement_of_a_view_is_a_row() -> None:
    lonely = SQL.keys() - VIEWS.keys()
    assert not lonely, f"put the rows of {lonely} into _VIEWS of host/office/tables.py"


def test_refusals_are_told_in_two_languages_with_what_to_do() -> None:
    for kind in ALL_REFUSALS.values():
        assert kind.code.startswith("E-")
        assert kind.why
        assert kind.next
        assert has_chinese(kind.zh) or kind.zh == "{field}: {problem}"


def test_what_never_lies_in_one_pair_of_hands_is_of_roles_that_are() -> None:
    for row in CONFLICTS:
        assert {row.one, row.other} <= ROLES.keys()


def test_dangerous_actions_ask_for_a_code_or_a_second_person() -> None:
    """What gives rights or moves many."""
    for name in ("person.grant", "person.reset", "person.disable", "issuer.save", "merchant.close"):
        action = ACTIONS[name]
        assert action.step is not Step.NO or action.second is not Second.NO, name


def test_every_state_and_form_has_a_word() -> None:
    """SCREENS speaks of them in two languages, and so does every list that shows them."""
    states = {
        *(state.value for state in BatchState),
        *(state.value for state in SaleState),
        *(status.value for status in CardStatus),
        *(form.value for form in Form),
        *(channel.value for channel in Channel),
    }
    assert states <= set(WORDS)


def test_what_is_several_is_called_by_what_it_is_and_a_number_of_them_as_that() -> None:
    """In Chinese they differ, which in English are one word."""
    actions, views = listed(ACTIONS.values(), VIEWS.values())
    several = [
        (action.id, told.name, told.zh)
        for action in actions
        for told in action.fields
        if typing.get_origin(_kind(ACTIONS[action.id].values, told.name)) is tuple
    ]
    lists = {
        (view.id, one.name) for view in VIEWS.values() for one in view.columns if one.kind is list
    }
    several += [
        (view.id, told.name, told.zh)
        for view in views
        for told in view.columns
        if (view.id, told.name) in lists
    ]
    assert [each for each in several if re.search("(门店|会员|商户|终端|卡)数$", each[2])] == []
    told = {(view.id, one.name): one.zh for view in views for one in view.columns}
    assert (told["merchants", "stores"], told["rules", "stores"]) == ("门店数", "门店")
    assert (told["rules", "times"], told["earn_rules", "times"]) == ("次数", "倍数")


def _kind(values: type, name: str) -> object:
    kind = typing.get_type_hints(values)[name]
    parts = [one for one in typing.get_args(kind) if one is not type(None)]
    return parts[0] if isinstance(kind, types.UnionType) and len(parts) == 1 else kind
