"""Members: frozen and let go, leaving and coming back, and forgotten in the end."""

from typing import Any

import msgspec
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


PHONE = "13700001234"


def added(bureau: Bureau, merchant: str, phone: str, name: str = "") -> Any:
    ops = bureau.person("platform_ops")
    return bureau.do(ops, "member.add", phone=phone, merchant=merchant, name=name)


def other_merchant(bureau: Bureau) -> str:
    [(merchant,)] = bureau.sql(
        "SELECT merchant_id FROM merchant WHERE merchant_id <> %s ORDER BY id LIMIT 1",
        HOME["merchant"],
    )
    return str(merchant)


def alike(told: Any, phone: str) -> str:
    """What is told, but for its number and what was typed in."""
    assert isinstance(told, Done), told
    masked = f"{phone[:3]}****{phone[-4:]}"
    words = str(msgspec.structs.replace(told, version="", subject=""))
    return words.replace(masked, "PHONE").replace(f"'id': {told.subject}", "'id': N")


@pytest.mark.parametrize("state", ["active", "frozen", "closing"])
def test_adding_whom_others_know_tells_what_adding_a_stranger_does(
    bureau: Bureau, member: int, state: str
) -> None:
    """S3-18, S4-26: one answer, numbers in a row, own names; twice at one merchant is an error."""
    closing = bureau.now if state == "closing" else None
    bureau.sql("UPDATE member SET state = %s, closing_at = %s WHERE id = %s",
               state, closing, member)  # fmt: skip
    abroad = other_merchant(bureau)
    phones = ("13611110001", PHONE, "13611110002")
    owner = bureau.person("merchant_owner", "merchant", abroad)
    asked = [{"phone": phone, "merchant": abroad, "name": "Li"} for phone in phones]
    told = [bureau.do(owner, "member.add", **values) for values in asked]
    assert len({alike(*one) for one in zip(told, phones, strict=True)}) == 1
    numbers = [int(one.subject) for one in told]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    rows = [bureau.rows(owner, "members", member=str(number))[0] for number in numbers]
    assert len({(row["name"], row["state"], row["made_at"]) for row in rows}) == 1
    assert bureau.rows(owner, "members", member=str(member)) == []
    for number in numbers:
        assert isinstance(bureau.do(owner, "member.edit", member=number, name="Li Er"), Done)
    assert [bureau.do(owner, "member.add", **values).code for values in asked] == ["E-ID"] * 3
    assert bureau.sql("SELECT state, name FROM member WHERE id = %s", member) == [(state, "王小明")]
    assert bureau.sql("SELECT count(*) FROM history WHERE after ? 'record_at'") == [(0,)]


def test_service_freezes_the_holder_and_no_record_of_them(bureau: Bureau, member: int) -> None:
    record = added(bureau, other_merchant(bureau), PHONE).subject
    service = bureau.person("service", "platform")
    told = bureau.do(service, "member.freeze", member=int(record), note="lost")
    assert told.code == "E-NO-HOLDER"
    assert f"record of member {member}" in told.en


def test_who_is_forgotten_is_forgotten_wherever_they_were_added(
    bureau: Bureau, member: int
) -> None:
    """S4-28."""
    record = int(added(bureau, other_merchant(bureau), PHONE, "Wang").subject)
    leave(bureau, member)
    bureau.later(days=17)
    bureau.do_jobs()
    assert state(bureau, member) == state(bureau, record) == ("closed", "", "")


def test_a_record_is_forgotten_alone(bureau: Bureau, member: int) -> None:
    """S4-28: who leaves one merchant is a member of the others."""
    record = int(added(bureau, other_merchant(bureau), PHONE, "Wang").subject)
    leave(bureau, record)
    bureau.later(days=17)
    bureau.do_jobs()
    assert state(bureau, record) == ("closed", "", "")
    assert state(bureau, member) == ("active", "王小明", "137****1234")
