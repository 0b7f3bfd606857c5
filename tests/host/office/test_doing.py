"""One runner of actions: once for one form, one of two at once, and nothing half done."""

import base64
import threading
from typing import Any

import psycopg
import pytest

from host.model.office import Do, Done, Page, Refused, Told
from host.model.secrets import Secret
from host.office.doing import run_action
from tests.host.office.conftest import HOME, Bureau


def test_a_form_that_is_sent_twice_is_done_once_and_told_the_same(bureau: Bureau) -> None:
    told = {"merchant_id": "888200000000001", "name": "Books"}
    first = bureau.do(bureau.admin, "merchant.save", _once_key="form 1", **told)
    again = bureau.do(bureau.admin, "merchant.save", _once_key="form 1", **told)
    assert first == again
    assert isinstance(first, Done)
    lines = bureau.rows(bureau.admin, "audit", action="merchant.save")
    assert [line["outcome"] for line in lines] == ["done"]
    other = {**told, "name": "Other"}
    assert bureau.refused(bureau.admin, "merchant.save", _once_key="form 1", **other) == "E-ONCE"


def test_what_is_shown_once_is_not_told_again(bureau: Bureau) -> None:
    told = {"login": "li", "name": "Li", "role": "platform_ops"}
    first = bureau.done(bureau.admin, "person.save", _once_key="form 2", **told)
    again = bureau.done(bureau.admin, "person.save", _once_key="form 2", **told)
    assert "invitation" in first.shown_once
    assert again.shown_once == {}


def test_of_two_who_edit_what_they_saw_one_wins_and_the_other_is_told(bureau: Bureau) -> None:
    seen = bureau.done(bureau.admin, "merchant.save", merchant_id=HOME["merchant"]).version
    told: list[Told] = []

    def edit(name: str) -> None:
        with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
            asked = Do(
                session=bureau.admin.session,
                action="merchant.save",
                seen=seen,
                values=Secret(
                    f'{{"merchant_id": "{HOME["merchant"]}", "city": "{name}"}}'.encode()
                ),
            )
            told.append(run_action(bureau.office, connection, asked))

    threads = [threading.Thread(target=edit, args=(name,)) for name in ("Suzhou", "Wuxi")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [done] = [one for one in told if isinstance(one, Done)]
    [refused] = [one for one in told if isinstance(one, Refused)]
    assert refused.code == "E-CHANGED"
    assert refused.now["city"] == done.after["city"]


def test_two_who_make_the_same_at_once_make_one(bureau: Bureau) -> None:
    told: list[Told] = []

    def make() -> None:
        with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
            values = b'{"merchant_id": "888200000000002", "name": "Twin"}'
            asked = Do(session=bureau.admin.session, action="merchant.save", values=Secret(values))
            told.append(run_action(bureau.office, connection, asked))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who comes when the other is done finds it there and edits it to the same; at once, is refused.
    assert [type(one) for one in told].count(Done) >= 1
    assert {one.code for one in told if isinstance(one, Refused)} <= {"E-ID"}
    assert bureau.sql("SELECT count(*) FROM merchant WHERE name = 'Twin'") == [(1,)]


def test_a_rehearsal_tells_what_would_change_and_changes_nothing(bureau: Bureau) -> None:
    told = {"merchant_id": HOME["merchant"], "city": "Hangzhou"}
    before = everything(bureau)
    done = bureau.done(bureau.admin, "merchant.save", _is_dry_run=True, **told)
    assert done.after == {"city": "Hangzhou"}
    assert everything(bureau) == before


def test_a_rehearsal_names_no_row_that_is_undone_with_it(bureau: Bureau) -> None:
    store = {"merchant": HOME["merchant"], "name": "Corner"}
    seen = bureau.done(bureau.admin, "store.save", _is_dry_run=True, **store)
    assert (seen.subject, "id" in seen.after, seen.after["name"]) == ("", False, "Corner")
    made = bureau.done(bureau.admin, "store.save", **store)
    assert made.subject == str(made.after["id"])
    told = {"store": int(made.subject), "name": "Corner shop"}
    changed = bureau.done(bureau.admin, "store.save", _is_dry_run=True, **told)
    assert (changed.subject, changed.after) == (made.subject, {"name": "Corner shop"})
    content = base64.b64encode(b"phone,name\n").decode()
    owner = bureau.person("merchant_owner")
    sent = bureau.done(owner, "file.send", _is_dry_run=True, name="a.csv", content=content)
    assert sent.told == {"bytes": 11}
    given = bureau.done(bureau.admin, "person.grant", _is_dry_run=True, login=owner.login,
                        role="service", scope="platform")  # fmt: skip
    assert "grant" not in given.told


def everything(bureau: Bureau) -> list[tuple[Any, ...]]:
    return bureau.sql(
        "SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM change),"
        " (SELECT version FROM estate_version), (SELECT city FROM merchant WHERE merchant_id = %s)",
        HOME["merchant"],
    )


def test_values_that_are_none_name_their_field(bureau: Bureau) -> None:
    for values, field in (
        ({"merchant_id": "short", "name": "X"}, "merchant_id"),
        ({"merchant_id": "8" * 15, "name": "x" * 41}, "name"),
        ({"merchant_id": "8" * 15, "nmae": "X"}, "nmae"),
        ({"name": "X"}, "merchant_id"),
        ({"merchant_id": "8" * 15, "issuers": ["0"]}, "name"),
    ):
        told = bureau.do(bureau.admin, "merchant.save", **values)
        assert isinstance(told, Refused), told
        assert (told.code, told.field) == ("E-FIELD", field)


def test_what_no_column_can_hold_is_a_field_to_correct_and_not_in_doubt(bureau: Bureau) -> None:
    """Who is told that it is not known would ask again for ever."""
    manager, issuer = bureau.person("issuer_manager"), HOME["issuer"]
    face = {"issuer": issuer, "name": "X", "form": "virtual", "valid_days": 1}
    for action, values, field in (
        ("vendor.save", {"issuer": issuer, "name": "X\0Y"}, "name"),
        ("card.freeze", {"card": 10**30, "kind": "freeze", "note": "a large one"}, "card"),
        ("card.freeze", {"card": 1, "kind": "freeze", "note": "with\0NUL"}, "note"),
        ("card.void", {"many": [1, 2**63], "note": "a large one"}, "many[1]"),
        ("product.revise", {**face, "code": "A\0", "face_minor_min": 1}, "code"),
        ("card.extend", {"card": 1, "valid_to": "10000-01-01", "note": "for ever"}, "valid_to"),
        ("card_batch.add", {"batch": "X\0", "cards": 1}, "batch"),
    ):
        told = bureau.do(manager, action, **values)
        assert isinstance(told, Refused), told
        assert (told.code, told.field) == ("E-FIELD", field), action
    told = bureau.do(manager, "vendor.save", _once_key="a\0b", issuer=issuer, name="X")
    assert isinstance(told, Refused)
    assert told.code == "E-FIELD"
    looked = bureau.look(bureau.admin, "audit", filters={"action": "a\0b"})
    assert isinstance(looked, Refused)
    assert looked.code == "E-FIELD"


def test_days_and_amounts_are_no_more_than_a_message_can_meet(bureau: Bureau) -> None:
    """A card that is valid for ever from its activation could never be activated."""
    manager = bureau.person("issuer_manager")
    product = {"issuer": HOME["issuer"], "code": "ALL", "name": "All", "form": "virtual",
               "face_minor_min": 100, "valid_days": 365}  # fmt: skip
    for field, value in (
        ("valid_days", 36_501),
        ("face_minor_min", 10**12),
        ("balance_minor_max", 2**63),
    ):
        told = bureau.do(manager, "product.revise", **{**product, field: value})
        assert isinstance(told, Refused)
        assert (told.code, told.field) == ("E-FIELD", field)
    bureau.done(manager, "product.revise", **{**product, "valid_days": 36_500})


def test_an_issuer_a_merchant_a_store_and_a_terminal_come_about_by_actions(
    bureau: Bureau,
) -> None:
    """S4-80, S4-47, S3-19, S3-26, S4-21."""
    second = bureau.person("platform_admin")
    told = bureau.with_code(
        bureau.admin, "issuer.save", institution_id="48882911", name="River", pan_prefix="9911",
        currency="CNY", amount_minor_max=500_000, balance_minor_max=500_000, pin_tries_max=3,
    )  # fmt: skip
    done = bureau.with_code(second, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(done, Done), done
    bureau.done(
        bureau.admin, "merchant.save", merchant_id="888200000000003", name="Books",
        issuers=["48882911"], owner="owner", owner_phone="13800001234",
    )  # fmt: skip
    store = bureau.done(bureau.admin, "store.save", merchant="888200000000003", name="First")
    bureau.done(bureau.admin, "terminal.save", terminal_id="90000002", store=int(store.subject))
    row = bureau.rows(bureau.admin, "merchants", merchant_id="888200000000003")[0]
    assert (row["stores"], row["terminals"], row["issuers"]) == (1, 1, ["48882911"])
    assert bureau.rows(bureau.admin, "people", login="owner")[0]["phone"] == "138****1234"
    overlap = {
        "institution_id": "48882912", "name": "Brook", "pan_prefix": "99112", "currency": "CNY",
        "amount_minor_max": 1, "balance_minor_max": 1, "pin_tries_max": 3,
    }  # fmt: skip
    assert bureau.with_code(bureau.admin, "issuer.save", **overlap).code == "E-PREFIX"


def test_nothing_is_counted_beyond_a_limit(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than the limit says that there are more: 10,000+ on a screen."""
    for number in range(5):
        bureau.done(
            bureau.admin, "merchant.save", merchant_id=f"88829005412{number:04d}", name="Many"
        )
    monkeypatch.setattr("host.office.questions.COUNTED_MAX", 3)
    counted = bureau.look(bureau.admin, "merchants", is_counted=True)
    assert isinstance(counted, Page)
    assert counted.count == 4
    assert len(counted.rows) > 4


def test_what_somebody_changed_meanwhile_is_told_by_names_as_all_else(bureau: Bureau) -> None:
    refused = bureau.do(bureau.admin, "store.save", _seen="0" * 64, store=1, name="Another")
    assert isinstance(refused, Refused), refused
    assert refused.code == "E-CHANGED"
    assert len(refused.now["merchant"]) == len(HOME["merchant"])
    assert "merchant_id" not in refused.now


def test_who_is_not_of_the_platform_is_told_to_say_whose_it_is(bureau: Bureau) -> None:
    """And not that there is no platform; of a report that is the platform's alone, that it is."""
    owner = bureau.person("merchant_owner")
    for report, code, field in (
        ("spending", "E-FIELD", "merchant"),
        ("liability", "E-NOT-YOUR-ROLE", None),
    ):
        refused = bureau.do(owner, "report.run", report=report, date="2026-11-28")
        assert isinstance(refused, Refused), refused
        assert (refused.code, refused.field) == (code, field), report


def test_what_would_be_the_platforms_is_told_by_what_was_named(bureau: Bureau) -> None:
    """Nobody has named a platform, so none is said to be missing, in either language."""
    owner = bureau.person("merchant_owner")
    told = {"login": "another", "name": "X", "role": "platform_ops", "scope": "platform"}
    refused = bureau.do(owner, "person.save", **told)
    assert isinstance(refused, Refused), refused
    assert (refused.code, refused.en) == ("E-NOT-FOUND", "there is no operator of that name here")
    assert refused.zh == "未找到该操作员"
