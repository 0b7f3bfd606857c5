"""Members: frozen and let go, leaving and coming back, and forgotten in the end."""

from typing import Any

import pytest

from host.model.office import Done, Waiting
from tests.host.office.conftest import HOME, Bureau


@pytest.fixture
def member(bureau: Bureau) -> int:
    owner = bureau.person("merchant_owner")
    told = {"phone": "13700001234", "merchant": HOME["merchant"], "name": "王小明"}
    return int(bureau.done(owner, "member.add", **told).subject)


def state(bureau: Bureau, member: int) -> tuple[Any, ...]:
    return bureau.sql("SELECT state, name, phone_masked FROM member WHERE id = %s", member)[0]


def bind_a_card(bureau: Bureau, member: int, *, is_empty: bool) -> None:
    """A card of the estate, as if it had been bound to them."""
    holds = "NOT EXISTS" if is_empty else "EXISTS"
    bureau.sql(
        "UPDATE card SET member_id = %s WHERE id = (SELECT min(c.id) FROM card AS c WHERE"
        f" {holds} (SELECT FROM purse AS p WHERE p.shard = c.shard AND p.card_id = c.id"
        " AND p.posted_minor <> 0))", member,
    )  # fmt: skip


def leave(bureau: Bureau, member: int) -> Any:
    """Asked for by one of operations, agreed to by an administrator."""
    asker = bureau.person("platform_ops")
    told = bureau.with_code(
        asker, "member.close", member=member, phone_last="1234", note="they asked to"
    )
    assert isinstance(told, Waiting), told
    return bureau.with_code(
        bureau.admin, "approval.decide", approval=told.approval, decision="approve"
    )


def test_a_member_is_frozen_by_service_and_let_go_with_a_code(bureau: Bureau, member: int) -> None:
    """S3-18."""
    service = bureau.person("service", "platform")
    asked = {"member": member, "note": "phone was lost"}
    bureau.done(service, "member.freeze", **asked)
    assert bureau.refused(service, "member.freeze", **asked) == "E-STATE"
    told = bureau.with_code(service, "member.freeze", is_frozen=False, **asked)
    assert isinstance(told, Done), told
    assert state(bureau, member)[0] == "active"


def test_a_member_whom_risk_has_frozen_is_let_go_by_two(bureau: Bureau, member: int) -> None:
    service, risk = bureau.person("service", "platform"), bureau.person("risk")
    bureau.done(risk, "member.freeze", member=member, note="strange trade")
    told = bureau.with_code(
        service, "member.freeze", member=member, is_frozen=False, note="they called"
    )
    assert isinstance(told, Waiting), told
    done = bureau.with_code(risk, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(done, Done), done
    assert state(bureau, member)[0] == "active"


def test_who_leaves_is_asked_for_by_one_and_agreed_to_by_another(
    bureau: Bureau, member: int
) -> None:
    """S4-28."""
    assert isinstance(leave(bureau, member), Done)
    assert state(bureau, member)[0] == "closing"


def test_who_leaves_may_come_back_for_a_while(bureau: Bureau, member: int) -> None:
    leave(bureau, member)
    bureau.later(minutes=5)
    asker = bureau.person("platform_ops")
    told = bureau.with_code(
        asker, "member.close", member=member, phone_last="1234", is_closing=False, note="came back"
    )
    assert isinstance(told, Done), told
    bureau.later(days=16)
    bureau.do_jobs()
    assert state(bureau, member) == ("active", "王小明", "137****1234")


def test_who_does_not_come_back_is_forgotten_and_their_cards_are_nobodys(
    bureau: Bureau, member: int
) -> None:
    leave(bureau, member)
    bind_a_card(bureau, member, is_empty=True)
    bureau.later(days=14)
    bureau.do_jobs()
    assert state(bureau, member)[0] == "closing"
    bureau.later(days=2)
    bureau.do_jobs()
    assert state(bureau, member) == ("closed", "", "")
    assert bureau.sql("SELECT 1 FROM card WHERE member_id = %s", member) == []
    bureau.sign_in(bureau.admin)
    owner = bureau.person("merchant_owner")
    told = {"phone": "13700001234", "merchant": HOME["merchant"]}
    assert bureau.done(owner, "member.add", **told).subject != str(member), "the phone is free"


def test_who_has_something_left_does_not_leave(bureau: Bureau, member: int) -> None:
    bind_a_card(bureau, member, is_empty=False)
    asker = bureau.person("platform_ops")
    told = bureau.with_code(
        asker, "member.close", member=member, phone_last="1234", note="they asked to"
    )
    assert told.code == "E-OPEN"
    wrong = bureau.with_code(
        asker, "member.close", member=member, phone_last="9999", note="they asked to"
    )
    assert wrong.code == "E-FIELD"
