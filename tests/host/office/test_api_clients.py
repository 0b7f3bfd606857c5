"""Programs ask by keys, under grants that name what each may do and see."""

import hashlib
from typing import Any

import pytest

from host.model.office import Done, Refused, Waiting
from host.model.secrets import Secret
from host.office.tables import ACTIONS
from tests.host.office.conftest import HOME, Bureau, Person

CLIENT: dict[str, Any] = {
    "client": "shop-erp", "name": "Stock of the shop", "views": ["stores", "terminals"],
    "actions": ["member.add"],
}  # fmt: skip


def merchants() -> dict[str, Any]:
    return {"scope": "merchant", "scope_key": HOME["merchant"]}


def made(bureau: Bureau, **values: Any) -> None:
    """A client of the merchant, agreed to where it takes two."""
    asker = bureau.admin
    told = bureau.with_code(asker, "api_client.save", **CLIENT | merchants() | values)
    if isinstance(told, Waiting):
        other = bureau.person("merchant_owner")
        decided = {"approval": told.approval, "decision": "approve"}
        told = bureau.with_code(other, "approval.decide", **decided)
    assert isinstance(told, Done), told


def keyed(bureau: Bureau, **values: Any) -> Person:
    """A new key of the client, in the hands of who asks."""
    told = bureau.with_code(bureau.admin, "api_client.roll", client="shop-erp", **values)
    assert isinstance(told, Done), told
    return Person("shop-erp", session=Secret(told.shown_once["key"].encode()))


def listed(bureau: Bureau, who: Person) -> dict[str, Any]:
    [row] = bureau.rows(who, "api_clients", client="shop-erp")
    return row


def test_a_program_does_and_sees_what_its_grant_names_and_nothing_else(bureau: Bureau) -> None:
    """S1-47, S2-58: each call is of its own merchant, and stands in history by its name."""
    made(bureau)
    program = keyed(bureau)
    shown = bureau.rows(program, "stores")
    assert {row["merchant"] for row in shown} == {HOME["merchant"]}
    told = bureau.done(program, "member.add", phone="13900007777", merchant=HOME["merchant"])
    again = {"_once_key": "k" * 20, "phone": "13900007778", "merchant": HOME["merchant"]}
    assert bureau.do(program, "member.add", **again) == bureau.do(program, "member.add", **again)
    line = bureau.rows(bureau.admin, "audit", action="member.add")[-1]
    assert (line["person"], line["acting_as"]) == (
        "shop-erp", f"api_client@merchant/{HOME['merchant']}",
    )  # fmt: skip
    assert bureau.refused(program, "member.edit", member=int(told.subject)) == "E-NOT-YOUR-ROLE"
    looked = bureau.look(program, "members")
    assert isinstance(looked, Refused)
    assert looked.code == "E-NOT-YOUR-ROLE"
    elsewhere = bureau.sql(
        "SELECT merchant_id FROM merchant WHERE merchant_id <> %s LIMIT 1", HOME["merchant"]
    )[0][0]
    told_of_other = bureau.refused(program, "member.add", phone="13900007779", merchant=elsewhere)
    assert told_of_other == "E-NOT-FOUND"


def test_a_key_is_shown_once_and_kept_as_a_hash(bureau: Bureau) -> None:
    """What a program is known by lies nowhere."""
    made(bureau)
    key = keyed(bureau).session.reveal()
    [(kept, prefix)] = bureau.sql("SELECT token_hash, prefix FROM api_key")
    assert kept == hashlib.sha256(key).digest()
    assert key.decode().startswith(prefix)
    assert listed(bureau, bureau.admin)["api_keys"] == [prefix]
    for table in ("history", "change", "once_key", "api_key", "approval"):
        [(found,)] = bureau.sql(
            f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", f"%{key.decode()[12:]}%"
        )
        assert found == 0, table


def test_a_new_key_leaves_the_one_before_some_hours_and_each_has_its_end(bureau: Bureau) -> None:
    made(bureau)
    old = keyed(bureau, days=30)
    new = keyed(bureau, days=60, overlap_hours=2)
    for each in (old, new):
        bureau.show(each, "stores")
    bureau.later(hours=2, minutes=1)
    assert bureau.refused(old, "member.add", phone="13900007777") == "E-SIGNED-OUT"
    bureau.show(new, "stores")
    bureau.sign_in(bureau.admin)
    assert listed(bureau, bureau.admin)["called_at"] is not None
    bureau.later(days=61)
    assert bureau.refused(new, "member.add", phone="13900007777") == "E-SIGNED-OUT"


def test_a_key_is_revoked_at_once_by_how_it_begins(bureau: Bureau) -> None:
    made(bureau)
    first, second = keyed(bureau), keyed(bureau)
    told = {"client": "shop-erp", "note": "it was found in a log"}
    begins = first.session.reveal()[:12].decode()
    bureau.done(bureau.admin, "api_client.revoke", api_key=begins, **told)
    assert bureau.refused(first, "member.add", phone="13900007777") == "E-SIGNED-OUT"
    bureau.show(second, "stores")
    bureau.done(bureau.admin, "api_client.revoke", **told)
    assert bureau.refused(second, "member.add", phone="13900007777") == "E-SIGNED-OUT"
    assert bureau.refused(bureau.admin, "api_client.revoke", **told) == "E-STATE"


def test_a_program_asks_from_its_networks_and_so_often(bureau: Bureau) -> None:
    made(bureau, networks=["192.0.2.0/24", "2001:db8::/32"], calls_a_minute=2)
    program = keyed(bureau)
    bureau.later(seconds=61 - bureau.now.second)
    for source, code in (
        ("web/198.51.100.7", "E-SIGNED-OUT"), ("", "E-SIGNED-OUT"), ("web/192.0.2.9", None),
        ("web/2001:db8::1", None), ("web/192.0.2.9", "E-TOO-MANY"),
    ):  # fmt: skip
        told = bureau.look(program, "stores", source=source)
        assert (told.code if isinstance(told, Refused) else None) == code, source
    bureau.later(minutes=1)
    assert not isinstance(bureau.look(program, "stores", source="web/192.0.2.9"), Refused)


def test_what_it_may_do_is_said_anew_as_a_whole(bureau: Bureau) -> None:
    made(bureau)
    program = keyed(bureau)
    told = bureau.with_code(bureau.admin, "api_client.save", client="shop-erp", views=["merchants"])
    assert isinstance(told, Done), told
    assert bureau.refused(program, "member.add", phone="13900007777") == "E-NOT-YOUR-ROLE"
    bureau.show(program, "merchants")
    assert isinstance(bureau.look(program, "stores"), Refused)
    assert listed(bureau, bureau.admin)["actions"] == []
    moved = bureau.do(bureau.admin, "api_client.save", client="shop-erp", scope="platform")
    moved = bureau.do(
        bureau.admin, "api_client.save", _code=bureau.code(bureau.admin), client="shop-erp",
        scope="platform",
    )  # fmt: skip
    assert isinstance(moved, Refused)
    assert (moved.code, moved.field) == ("E-FIELD", "scope")


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("merchant_owner", {"actions": ["card.sell"]}),
        ("merchant_owner", {"actions": ["person.grant"]}),
        ("merchant_owner", {"actions": ["no.such"]}),
        ("merchant_owner", {"views": ["settings"]}),
        ("platform_admin", {"actions": ["approval.decide"]}),
        ("platform_admin", {"actions": ["person.revoke"]}),
        ("platform_admin", {"actions": ["api_client.revoke"]}),
        ("platform_admin", {"actions": ["file.take"]}),
        ("platform_admin", {"actions": ["merchant.save"]}),
    ],
)
def test_nobody_gives_a_program_what_no_person_there_has(
    shared_bureau: Bureau, who: str, named: dict[str, Any]
) -> None:
    """Nor what asks for a code, decides, or shows secrets."""
    bureau = shared_bureau
    giver = bureau.admin if who == "platform_admin" else bureau.person(who)
    values = CLIENT | merchants() | {"actions": [], "views": []} | named
    told = bureau.with_code(giver, "api_client.save", **values)
    assert isinstance(told, Refused), told
    assert (told.code, told.field) == ("E-FIELD", next(iter(named)))


def test_no_action_that_asks_for_a_code_or_decides_may_be_called() -> None:
    called = {row.id for row in ACTIONS.values() if row.may_be_called}
    assert {"member.add", "voucher.redeem", "card.sell", "recon.import"} <= called
    for action in ACTIONS.values():
        if action.id.split(".")[0] in {"session", "approval", "person", "totp", "password", "seat"}:
            assert action.id not in called, action.id
        if action.step.value != "no":
            assert action.id not in called, action.id


def test_a_program_is_no_person(bureau: Bureau) -> None:
    """Nobody signs in as it, gives it a role or a password."""
    made(bureau)
    note = "as if it were one"
    for action, values in (
        ("person.reset", {"which": ["password"], "note": note}),
        ("person.lock", {"note": note}),
        ("person.grant", {"role": "merchant_owner", **merchants()}),
    ):
        assert bureau.refused(bureau.admin, action, login="shop-erp", **values) == "E-NOT-FOUND"
    for password in ("", "seven green otters"):
        told = bureau.refused(None, "session.sign_in", login="shop-erp", password=password)
        assert told == "E-SIGN-IN"
    assert "shop-erp" not in {row["login"] for row in bureau.rows(bureau.admin, "people")}


def test_a_program_sends_a_file_for_what_it_does_next(bureau: Bureau) -> None:
    """S2-58: an action about nobody but who asks; the file is the program's own."""
    made(bureau, actions=["file.send", "settlement.dispute"])
    program = keyed(bureau)
    told = bureau.done(program, "file.send", name="seen.txt", content="c2Vlbg==")
    assert told.told["bytes"] == 4
    line = bureau.rows(bureau.admin, "audit", action="file.send")[-1]
    assert (line["person"], line["subject_kind"]) == ("shop-erp", "api_client")


def test_what_a_program_may_do_of_nobody_but_itself_is_tried_above() -> None:
    own = [one.id for one in ACTIONS.values() if one.may_be_called and one.about is None]
    assert own == ["file.send"]
