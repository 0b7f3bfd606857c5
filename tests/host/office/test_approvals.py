"""A second person: never the asker, never the maker, and on what is there today."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from host.model.office import Done, Refused, Told, Waiting
from host.office.doing import run_action
from tests.host.office.conftest import HOME, Bureau, Person


@pytest.fixture
def second(bureau: Bureau) -> Person:
    """Another administrator."""
    return bureau.person("platform_admin")


def close(bureau: Bureau, who: Person) -> int:
    told = bureau.with_code(who, "merchant.close", merchant_id=HOME["merchant"], note="gone")
    assert isinstance(told, Waiting), told
    return told.approval


def decide(bureau: Bureau, who: Person, approval: int, **more: Any) -> Told:
    told = {"approval": approval, "decision": "approve", **more}
    answer = bureau.do(who, "approval.decide", **told)
    if isinstance(answer, Refused) and answer.code == "E-STEP-UP":
        answer = bureau.do(who, "approval.decide", _code=bureau.code(who), **told)
    return answer


def is_active(bureau: Bureau) -> bool:
    rows = bureau.sql("SELECT is_active FROM merchant WHERE merchant_id = %s", HOME["merchant"])
    return bool(rows[0][0])


def test_nothing_changes_until_another_person_agrees(bureau: Bureau, second: Person) -> None:
    """S1-11: the asker is never the approver."""
    approval = close(bureau, bureau.admin)
    assert is_active(bureau)
    assert decide(bureau, bureau.admin, approval).code == "E-SAME-PERSON"
    told = decide(bureau, second, approval)
    assert isinstance(told, Done), told
    assert not is_active(bureau)
    [line] = bureau.rows(second, "audit", action="merchant.close", subject_key=HOME["merchant"])[:1]
    assert (line["person"], line["approval"], line["outcome"]) == ("root", approval, "done")
    assert line["after"]["is_active"] is False


@pytest.mark.parametrize("decisions", [("approve", "approve"), ("approve", "refuse")])
def test_of_two_who_decide_at_once_one_has_decided(
    bureau: Bureau, decisions: tuple[str, str]
) -> None:
    """S1-11: the other is told that it waits no more."""
    owner = bureau.person("merchant_owner")
    deciders = [bureau.person("platform_ops") for _ in decisions]
    told = bureau.do(owner, "terminal.save", terminal_id="99990001", store=int(HOME["store"]))
    assert isinstance(told, Waiting), told
    forms = [
        bureau.asked(
            who, "approval.decide", approval=told.approval, decision=decision, note="as it is"
        )()
        for who, decision in zip(deciders, decisions, strict=True)
    ]

    def decided(form: Any) -> Told:
        with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
            return run_action(bureau.office, connection, form)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(decided, forms))
    assert [type(one) for one in answers].count(Done) == 1, answers
    [refused] = [one for one in answers if isinstance(one, Refused)]
    assert refused.code == "E-STATE", refused


def test_what_has_moved_since_has_to_be_asked_anew(bureau: Bureau, second: Person) -> None:
    approval = close(bureau, bureau.admin)
    bureau.done(second, "merchant.save", merchant_id=HOME["merchant"], city="Suzhou")
    assert decide(bureau, second, approval).code == "E-STALE"
    assert is_active(bureau)
    [row] = [one for one in bureau.rows(second, "approvals") if one["id"] == approval]
    assert row["state"] == "failed"


def test_what_was_asked_expires(bureau: Bureau, second: Person) -> None:
    approval = close(bureau, bureau.admin)
    bureau.later(hours=73)
    bureau.sign_in(second)
    assert decide(bureau, second, approval).code == "E-EXPIRED"


def test_who_asked_may_withdraw_and_nobody_else(bureau: Bureau, second: Person) -> None:
    approval = close(bureau, bureau.admin)
    assert bureau.refused(second, "approval.withdraw", approval=approval) == "E-NOT-YOUR-ROLE"
    bureau.done(bureau.admin, "approval.withdraw", approval=approval)
    assert decide(bureau, second, approval).code == "E-STATE"


def test_who_refuses_says_why(bureau: Bureau, second: Person) -> None:
    approval = close(bureau, bureau.admin)
    assert decide(bureau, second, approval, decision="refuse").code == "E-FIELD"
    assert isinstance(decide(bureau, second, approval, decision="refuse", note="no"), Done)
    assert is_active(bureau)


def test_who_asked_must_still_be_allowed_to(bureau: Bureau, second: Person) -> None:
    approval = close(bureau, second)
    [grant] = [one["id"] for one in bureau.rows(bureau.admin, "grants", login=second.login)]
    bureau.done(bureau.admin, "person.revoke", grant=grant, note="has left")
    assert decide(bureau, bureau.admin, approval).code == "E-STALE"


def test_a_frozen_request_that_was_edited_by_hand_is_not_done(
    bureau: Bureau, second: Person
) -> None:
    approval = close(bureau, bureau.admin)
    bureau.sql('UPDATE approval SET asked = asked || \'{"note": "other"}\' WHERE id = %s', approval)
    assert decide(bureau, second, approval).code == "E-STALE"
    assert is_active(bureau)


def test_a_terminal_that_a_merchant_asks_for_waits_for_operations(bureau: Bureau) -> None:
    """S4-21."""
    owner, ops = bureau.person("merchant_owner"), bureau.person("platform_ops")
    told = bureau.do(owner, "terminal.save", terminal_id="90000001", store=1)
    assert isinstance(told, Waiting)
    assert [one["id"] for one in bureau.rows(ops, "approvals", to_decide="1")] == [told.approval]
    assert bureau.rows(owner, "approvals", to_decide="1") == []
    assert isinstance(decide(bureau, ops, told.approval), Done)
    assert bureau.rows(owner, "terminals", terminal_id="90000001")


def test_a_code_is_bound_to_what_is_done_and_has_five_tries(bureau: Bureau) -> None:
    """S1-20."""
    told = {"merchant_id": HOME["merchant"], "note": "gone for good"}
    assert bureau.refused(bureau.admin, "merchant.close", _code="000000", **told) == "E-WRONG-CODE"
    assert bureau.refused(bureau.admin, "merchant.close", **told) == "E-STEP-UP"
    right = bureau.code(bureau.admin)
    other = {**told, "note": "another reason"}
    assert bureau.refused(bureau.admin, "merchant.close", _code=right, **other) == "E-WRONG-CODE"
    bureau.later(minutes=6)
    late = bureau.code(bureau.admin)
    assert bureau.refused(bureau.admin, "merchant.close", _code=late, **told) == "E-WRONG-CODE"
