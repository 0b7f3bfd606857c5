"""Cards leave the house in a file: released by another, made in memory, handed out once."""

import base64
import csv
import datetime as dt
import io
import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import openpyxl
import psycopg
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.ecma376_agile import ECMA376Agile

from host.link.frames import FRAME_BYTES_MAX
from host.model.office import Done, Refused, Told, Waiting
from host.model.secrets import Secret
from host.office.rows import disclosures
from host.office.sheets import CSV_ROWS_MAX, csv_of, plain, workbook_of
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_stock import Issuer

WORKBOOK = "eleven blue herons"
ORDERS = itertools.count(1)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.fixture(scope="module")
def house(shared_bureau: Bureau) -> Issuer:
    return Issuer(shared_bureau)


@pytest.fixture
def issuer(house: Issuer) -> Issuer:
    """Its people, signed in again: time goes by in these tests. Nothing has left the house."""
    house.bureau.later(minutes=16)
    for who in (house.manager, house.maker, house.owner, house.bureau.admin):
        house.bureau.sign_in(who)
    house.bureau.sql("DELETE FROM disclosure")
    house.bureau.sql("DELETE FROM office_file_piece")
    house.bureau.sql("DELETE FROM office_file")
    house.bureau.sql("UPDATE card SET sale = 'sold' WHERE part_id IS NOT NULL AND sale = 'unsold'")
    return house


def wanted(batch: str, **values: Any) -> dict[str, Any]:
    return {"batch": batch, "recipient": "Heng Bao", "note": "to be printed", **values}


def ask(issuer: Issuer, batch: str, **values: Any) -> Told:
    """Asked by the maker, released by the owner with a code; what came of that."""
    waiting = issuer.bureau.do(issuer.maker, "card_batch.export", **wanted(batch, **values))
    if not isinstance(waiting, Waiting):
        return waiting
    told = release(issuer, waiting)
    if not isinstance(told, Done):
        return told
    return msgspec.structs.replace(told, told=told.told["outcome"]["told"])


def release(issuer: Issuer, waiting: Told, by: Person | None = None) -> Told:
    assert isinstance(waiting, Waiting), waiting
    decision = {"approval": waiting.approval, "decision": "approve"}
    return issuer.bureau.with_code(by or issuer.owner, "approval.decide", **decision)


def with_secrets(issuer: Issuer, batch: str, **values: Any) -> Told:
    return ask(issuer, batch, with_secrets=True, workbook_password=WORKBOOK, **values)


def order() -> str:
    return f"E{next(ORDERS)}"


def taken(issuer: Issuer, told: Told, by: Person | None = None) -> bytes:
    assert isinstance(told, Done), told
    issuer.bureau.do_jobs()
    done = issuer.bureau.done(by or issuer.maker, "file.take", file=told.told["file"])
    whole = base64.b64decode(done.shown_once["content"])
    assert done.told["bytes"] == len(whole)
    return whole


def opened(sealed: bytes, password: str = WORKBOOK) -> list[tuple[Any, ...]]:
    """The rows of a workbook, read by another program's library."""
    office, clear = OOXMLFile(io.BytesIO(sealed)), io.BytesIO()
    office.load_key(password=password, verify_password=True)
    office.decrypt(clear, verify_integrity=True)
    return list(openpyxl.load_workbook(clear).active.iter_rows(values_only=True))


def passwords(bureau: Bureau) -> dict[int, str]:
    """What each card is activated by, from the database and under the LMK."""
    return {
        card: bureau.office.hsm.open_secret(bytes(sealed), f"card-code/{card}").reveal().decode()
        for card, sealed in bureau.sql(
            "SELECT id, code_sealed FROM card WHERE code_sealed IS NOT NULL"
            " AND part_id = (SELECT max(id) FROM card_batch_part)"
        )
    }


def test_a_batch_leaves_as_a_workbook_under_the_askers_password(issuer: Issuer) -> None:
    """S1-18, S1-19, S1-20."""
    made = issuer.batch(cards=3)
    told = with_secrets(issuer, made.subject)
    sealed = taken(issuer, told)
    assert sealed[:8] == OLE
    head, *rows = opened(sealed)
    assert len(rows) == 3
    clear = passwords(issuer.bureau)
    assert [row[2].replace("-", "") for row in rows] == [clear[card] for card in sorted(clear)]
    assert all(len(row[1]) == 16 and row[1].isdigit() for row in rows)
    assert rows[0][3:5] == ("100.00", "CNY")
    assert "card number" in head[1]


def test_a_workbook_opens_with_no_other_password(issuer: Issuer) -> None:
    """S1-19."""
    sealed = taken(issuer, with_secrets(issuer, issuer.batch().subject))
    with pytest.raises(Exception, match="verification failed"):
        opened(sealed, "eleven blue heron")


def test_a_file_is_handed_out_once_and_to_who_asked(issuer: Issuer) -> None:
    """S1-20."""
    told = with_secrets(issuer, issuer.batch().subject)
    bureau, file = issuer.bureau, {"file": told.told["file"]}
    assert bureau.refused(issuer.maker, "file.take", **file) == "E-STATE"
    bureau.do_jobs()
    assert bureau.refused(issuer.manager, "file.take", **file) == "E-NOT-FOUND"
    bureau.done(issuer.maker, "file.take", _once_key="form", **file)
    assert bureau.refused(issuer.maker, "file.take", **file) == "E-GONE"
    again = bureau.done(issuer.maker, "file.take", _once_key="form", **file)
    assert again.shown_once == {}, "the same form is told what was done, and not the file again"
    assert bureau.sql("SELECT count(*) FROM office_file_piece") == [(0,)]


def test_nobody_comes_for_a_file_later_than_a_quarter_of_an_hour(issuer: Issuer) -> None:
    told = with_secrets(issuer, issuer.batch().subject)
    issuer.bureau.do_jobs()
    issuer.bureau.later(minutes=16)
    assert issuer.bureau.refused(issuer.maker, "file.take", file=told.told["file"]) == "E-GONE"
    issuer.bureau.do_jobs()
    assert issuer.bureau.sql("SELECT count(*) FROM office_file_piece") == [(0,)]
    assert issuer.bureau.sql("SELECT state FROM office_file") == [("gone",)]


def test_another_person_who_owns_the_right_releases_it_with_a_code_of_their_own(
    issuer: Issuer,
) -> None:
    """S1-20."""
    made, bureau = issuer.batch(), issuer.bureau
    told = wanted(made.subject, with_secrets=True, workbook_password=WORKBOOK)
    waiting = bureau.do(issuer.maker, "card_batch.export", **told)
    assert isinstance(waiting, Waiting)
    decision = {"approval": waiting.approval, "decision": "approve"}
    outsider = bureau.person("service", "issuer")
    for who, wrong in (
        (issuer.maker, "E-SAME-PERSON"),
        (outsider, "E-NOT-YOUR-ROLE"),
        (issuer.manager, "E-NOT-YOUR-ROLE"),
    ):
        code = {}
        if bureau.refused(who, "approval.decide", **decision) == "E-STEP-UP":
            code = {"_code": bureau.code(who)}
        assert bureau.refused(who, "approval.decide", **code, **decision) == wrong
    asked = bureau.do(issuer.owner, "approval.decide", **decision)
    assert isinstance(asked, Refused)
    assert asked.code == "E-STEP-UP"
    said = (
        f"{waiting.approval}: card_batch.export {made.subject}: activation passwords of 3 cards "
        f"for Heng Bao, asked for by {issuer.maker.login}"
    )
    assert said in asked.en
    assert (
        f"导出卡 {made.subject}: 3 张卡的卡密, 交给 Heng Bao, 申请人 {issuer.maker.login}"
        in asked.zh
    )
    for wrong in ("000000", bureau.code(issuer.maker)):
        assert bureau.refused(issuer.owner, "approval.decide", _code=wrong, **decision) == (
            "E-WRONG-CODE"
        )
    assert bureau.sql("SELECT count(*) FROM disclosure") == [(0,)]
    done = bureau.do(issuer.owner, "approval.decide", _code=bureau.code(issuer.owner), **decision)
    assert isinstance(done, Done), done


def test_who_releases_sees_what_leaves_before_a_code_is_given(issuer: Issuer) -> None:
    """S1-20: in the list, as it was asked for, and in a rehearsal, counted again."""
    made, bureau = issuer.opened(), issuer.bureau
    told = wanted(made.subject, with_secrets=True, workbook_password=WORKBOOK)
    waiting = bureau.do(issuer.maker, "card_batch.export", **told)
    assert isinstance(waiting, Waiting)
    [row] = bureau.rows(issuer.owner, "approvals", to_decide="1")
    assert (row["action"], row["subject_key"]) == ("card_batch.export", made.subject)
    assert row["asked_by"] == issuer.maker.login
    assert row["foretold"] == {"cards": 3, "with_secrets": True, "recipient": "Heng Bao"}
    assert "workbook_password" not in row["asked"]
    bureau.done(issuer.manager, "card.sell", product=issuer.product, cards=1, order=order())
    decision = {"approval": waiting.approval, "decision": "approve"}
    before = bureau.sql("SELECT count(*) FROM history WHERE outcome <> 'done'")
    seen = bureau.done(issuer.owner, "approval.decide", _is_dry_run=True, **decision)
    assert seen.told["outcome"]["told"]["cards"] == 2
    assert bureau.sql("SELECT count(*) FROM history WHERE outcome <> 'done'") == before
    [row] = bureau.rows(issuer.owner, "approvals", to_decide="1")
    assert row["id"] == waiting.approval, "nothing came of looking"
    done = release(issuer, waiting)
    assert isinstance(done, Done), done
    [row] = [
        one for one in bureau.rows(issuer.maker, "approvals", mine="1")
        if one["id"] == waiting.approval
    ]  # fmt: skip
    assert row["came_of_it"]["file"] == done.told["outcome"]["told"]["file"]


def test_a_code_releases_one_export_and_nothing_else_whatever_it_is(issuer: Issuer) -> None:
    """S1-20: two that are asked for at the same time need two codes; none lets anybody in after."""
    bureau, owner = issuer.bureau, issuer.owner
    one, other = (
        bureau.do(
            issuer.maker, "card_batch.export",
            **wanted(issuer.batch().subject, workbook_password=WORKBOOK),
        )
        for _ in range(2)
    )  # fmt: skip
    decisions = []
    for waiting in (one, other):
        assert isinstance(waiting, Waiting)
        decisions.append({"approval": waiting.approval, "decision": "approve"})
    for each in decisions:
        assert bureau.refused(owner, "approval.decide", **each) == "E-STEP-UP"
    code = bureau.code(owner)
    bureau.done(owner, "approval.decide", _code=code, **decisions[0])
    assert bureau.refused(owner, "approval.decide", _code=code, **decisions[1]) == "E-WRONG-CODE"
    assert bureau.refused(owner, "approval.decide", _code=code, **decisions[0]) == "E-WRONG-CODE"
    signing = {"login": owner.login, "password": owner.password, "code": code}
    assert bureau.refused(None, "session.sign_in", **signing) == "E-SIGN-IN"
    card = min(passwords(bureau))
    assert bureau.refused(owner, "card.reveal", card=card, reason="test") == "E-STEP-UP"
    told = {"card": card, "reason": "test", "_code": code}
    assert bureau.refused(owner, "card.reveal", **told) == "E-WRONG-CODE"


def test_a_code_that_signed_somebody_in_releases_nothing(issuer: Issuer) -> None:
    bureau, owner = issuer.bureau, issuer.owner
    waiting = bureau.do(
        issuer.maker, "card_batch.export",
        **wanted(issuer.batch().subject, workbook_password=WORKBOOK),
    )  # fmt: skip
    assert isinstance(waiting, Waiting)
    code = bureau.code(owner)
    signing = {"login": owner.login, "password": owner.password, "code": code}
    session = bureau.done(None, "session.sign_in", **signing).shown_once["session"]
    owner.session = Secret(session.encode())
    decision = {"approval": waiting.approval, "decision": "approve"}
    assert bureau.refused(owner, "approval.decide", **decision) == "E-STEP-UP"
    assert bureau.refused(owner, "approval.decide", _code=code, **decision) == "E-WRONG-CODE"


def test_what_moved_since_the_words_were_told_needs_a_code_of_its_own(issuer: Issuer) -> None:
    """S1-20: the code was to let three cards out, and they are two by now."""
    made, bureau = issuer.opened(), issuer.bureau
    told = wanted(made.subject, with_secrets=True, workbook_password=WORKBOOK)
    waiting = bureau.do(issuer.maker, "card_batch.export", **told)
    assert isinstance(waiting, Waiting)
    decision = {"approval": waiting.approval, "decision": "approve"}
    assert bureau.refused(issuer.owner, "approval.decide", **decision) == "E-STEP-UP"
    bureau.done(issuer.manager, "card.sell", product=issuer.product, cards=1, order=order())
    code = {"_code": bureau.code(issuer.owner)}
    assert bureau.refused(issuer.owner, "approval.decide", **code, **decision) == "E-WRONG-CODE"
    assert bureau.sql("SELECT count(*) FROM disclosure") == [(0,)]


@pytest.mark.parametrize("ending", ["approve", "refuse", "withdraw", "expire"])
def test_what_was_typed_in_waits_sealed_and_is_gone_with_the_decision(
    issuer: Issuer, ending: str
) -> None:
    """S1-19."""
    bureau, batch = issuer.bureau, issuer.batch().subject
    waiting = bureau.do(
        issuer.maker, "card_batch.export", **wanted(batch, workbook_password=WORKBOOK)
    )
    assert isinstance(waiting, Waiting)
    sealed = "SELECT sealed IS NOT NULL FROM approval WHERE id = %s"
    assert bureau.sql(sealed, waiting.approval) == [(True,)]
    if ending == "approve":
        release(issuer, waiting)
    elif ending == "refuse":
        told = {"approval": waiting.approval, "decision": "refuse", "note": "not now"}
        bureau.done(issuer.owner, "approval.decide", **told)
    elif ending == "withdraw":
        bureau.done(issuer.maker, "approval.withdraw", approval=waiting.approval)
    else:
        bureau.later(hours=73)
        bureau.do_jobs()
    assert bureau.sql(sealed, waiting.approval) == [(False,)]


def test_a_code_is_used_by_what_was_refused_after_it(issuer: Issuer) -> None:
    issuer.opened()
    bureau, owner = issuer.bureau, issuer.owner
    cards = bureau.sql("SELECT id FROM card WHERE part_id IS NOT NULL ORDER BY id DESC LIMIT 2")
    (one,), (other,) = cards
    bureau.sql("UPDATE card SET status = 'active' WHERE id = %s", one)
    told = [{"card": card, "reason": "test"} for card in (one, other)]
    for each in told:
        assert bureau.refused(owner, "card.reveal", **each) == "E-STEP-UP"
    code = bureau.code(owner)
    assert bureau.refused(owner, "card.reveal", _code=code, **told[0]) == "E-ACTIVATED"
    assert bureau.refused(owner, "card.reveal", _code=code, **told[1]) == "E-WRONG-CODE"
    outcomes = bureau.sql("SELECT outcome FROM history WHERE action = 'card.reveal' ORDER BY id")
    assert [outcome for (outcome,) in outcomes][-2:] == ["E-ACTIVATED", "E-WRONG-CODE"]


def test_a_code_comes_within_five_minutes_and_five_tries(issuer: Issuer) -> None:
    """S1-20."""
    bureau, owner = issuer.bureau, issuer.owner
    waiting = bureau.do(
        issuer.maker, "card_batch.export",
        **wanted(issuer.batch().subject, workbook_password=WORKBOOK),
    )  # fmt: skip
    assert isinstance(waiting, Waiting)
    told = {"approval": waiting.approval, "decision": "approve"}
    bureau.refused(owner, "approval.decide", **told)
    bureau.later(minutes=5, seconds=1)
    late = bureau.code(owner)
    assert bureau.refused(owner, "approval.decide", _code=late, **told) == "E-WRONG-CODE"
    bureau.refused(owner, "approval.decide", **told)
    for _ in range(4):
        assert bureau.refused(owner, "approval.decide", _code="000000", **told) == "E-WRONG-CODE"
    bureau.sql("UPDATE person SET failures = 0, locked_until = NULL")
    assert bureau.refused(owner, "approval.decide", _code="000000", **told) == "E-WRONG-CODE"
    right = bureau.code(owner)
    assert bureau.refused(owner, "approval.decide", _code=right, **told) == "E-WRONG-CODE"


def test_cards_that_were_sold_keep_their_password_to_themselves(issuer: Issuer) -> None:
    """S1-21."""
    made, bureau = issuer.opened(), issuer.bureau
    sold = bureau.done(issuer.manager, "card.sell", product=issuer.product, cards=1, order=order())
    [card] = sold.told["cards"]
    told = with_secrets(issuer, made.subject, chosen=[card])
    assert isinstance(told, Refused)
    assert told.code == "E-OPENED"
    assert "1 of the cards" in told.en
    _, *rows = opened(taken(issuer, with_secrets(issuer, made.subject)))
    assert len(rows) == 2, "those that nobody has bought"
    bureau.done(issuer.manager, "card.sell", product=issuer.product, cards=2, order=order())
    told = with_secrets(issuer, made.subject)
    assert isinstance(told, Refused)
    assert told.code == "E-NONE-UNSOLD"


def test_chosen_cards_leave_and_no_others(issuer: Issuer) -> None:
    """S1-21."""
    made = issuer.batch(cards=5)
    ids = sorted(passwords(issuer.bureau))
    _, *rows = opened(taken(issuer, with_secrets(issuer, made.subject, chosen=[ids[1], ids[3]])))
    assert [row[0] for row in rows] == ["1-2", "1-4"]
    _, *rows = opened(taken(issuer, with_secrets(issuer, made.subject, part=1, first=2, last=3)))
    assert [row[0] for row in rows] == ["1-2", "1-3"]
    told = with_secrets(issuer, made.subject, chosen=[ids[0], 1])
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-FOUND"


def test_without_passwords_numbers_are_masked_and_csv_will_do(issuer: Issuer) -> None:
    made = issuer.opened()
    issuer.bureau.done(issuer.manager, "card.sell", product=issuer.product, cards=1, order=order())
    whole = taken(issuer, ask(issuer, made.subject, format="csv"))
    rows = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert all("******" in row[1] for row in rows[1:])
    assert sorted(row[6] for row in rows[1:]) == ["sold", "unsold", "unsold"]
    whole = taken(issuer, ask(issuer, made.subject, format="csv", sale="sold"))
    assert whole.count(b"\r\n") == 2


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"format": "csv", "with_secrets": True}, "format", "E-FIELD"),
        ({}, "workbook_password", "E-FIELD"),
        ({"workbook_password": "short"}, "new", "E-PASSWORD"),
        ({"workbook_password": "1234567890"}, "new", "E-PASSWORD"),
        ({"workbook_password": WORKBOOK, "part": 7}, None, "E-NOT-FOUND"),
        ({"workbook_password": WORKBOOK, "note": "x"}, "note", "E-FIELD"),
    ],
)
def test_an_export_that_cannot_be_is_refused_with_its_field(
    issuer: Issuer, values: dict[str, Any], field: str | None, code: str
) -> None:
    told = ask(issuer, issuer.batch().subject, **values)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == (code, field)


def test_every_export_stands_in_history_and_among_the_disclosures(issuer: Issuer) -> None:
    """S1-18, S1-27."""
    made, bureau = issuer.batch(), issuer.bureau
    taken(issuer, with_secrets(issuer, made.subject))
    [row] = bureau.rows(issuer.owner, "disclosures")
    assert (row["kind"], row["subject_key"], row["values_shown"]) == ("export", made.subject, 3)
    assert (row["person"], row["released_by"]) == (issuer.maker.login, issuer.owner.login)
    assert (row["recipient"], row["purpose"]) == ("Heng Bao", "to be printed")
    assert (row["has_secrets"], row["downloads"]) == (True, 1)
    assert row["sha256"]
    assert bureau.rows(issuer.owner, "disclosures", with_secrets="false") == []
    lines = bureau.rows(issuer.owner, "audit", action="card_batch.export")
    assert [one["outcome"] for one in lines][:2] == ["done", "asked"]
    assert [one["action"] for one in bureau.rows(issuer.owner, "audit", action="file.take")]


def test_what_is_typed_and_made_is_nowhere_in_clear(issuer: Issuer) -> None:
    """S1-28."""
    from tests.host.office.test_office_leaks import everything

    made, bureau = issuer.batch(), issuer.bureau
    told = with_secrets(issuer, made.subject)
    kept = everything(bureau)
    bureau.do_jobs()
    kept += everything(bureau)
    bureau.done(issuer.maker, "file.take", _once_key="f", file=told.told["file"])
    kept += everything(bureau)
    secrets = [WORKBOOK, *passwords(bureau).values()]
    secrets += [f"{one[:4]}-{one[4:8]}-{one[8:]}" for one in secrets[1:]]
    assert [secret for secret in secrets if secret in kept] == []


def test_a_job_that_was_killed_makes_the_file_anew(issuer: Issuer) -> None:
    made, bureau = issuer.batch(), issuer.bureau
    told = with_secrets(issuer, made.subject)
    bureau.sql("UPDATE job SET state = 'running', beat_at = %s WHERE id = %s", bureau.now,
               told.told["job"])  # fmt: skip
    bureau.later(seconds=31)
    assert len(opened(taken(issuer, told))) == 4


def test_a_workbook_is_built_without_a_file_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """S1-19: no directory for what is passing is ever asked for."""
    import tempfile

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a file of its own")

    for name in (
        "mkstemp",
        "mkdtemp",
        "TemporaryFile",
        "NamedTemporaryFile",
        "SpooledTemporaryFile",
    ):
        monkeypatch.setattr(tempfile, name, never)
    rows = [(f"1-{at}", "x" * 500) for at in range(2_000)]
    sealed = workbook_of(("place", "what"), rows, Secret(WORKBOOK.encode()))
    assert len(opened(sealed.reveal())) == 2_001


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+86 138", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", ' =HYPERLINK("http://x")', "＝1"],
)
def test_what_would_be_a_formula_is_text(cell: str) -> None:
    assert plain(cell) == f"'{cell}"
    whole = csv_of(("a",), [(cell,)]).reveal().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(whole, newline="")))[1] == [f"'{cell}"]
    sealed = workbook_of(("a",), [(cell,)], Secret(WORKBOOK.encode()))
    office, clear = OOXMLFile(io.BytesIO(sealed.reveal())), io.BytesIO()
    office.load_key(password=WORKBOOK)
    office.decrypt(clear)
    sheet = openpyxl.load_workbook(clear).active
    assert sheet["A2"].data_type == "s"


# One card, one value. ---------------------------------------------------------------------------


def reveal(bureau: Bureau, who: Person, card: int, **values: Any) -> Told:
    told = {"card": card, "reason": "vendor_fault", **values}
    return bureau.with_code(who, "card.reveal", **told)


def test_an_activation_password_is_seen_one_by_one_with_a_code_and_a_line(issuer: Issuer) -> None:
    """S1-27, S1-28."""
    issuer.opened()
    bureau = issuer.bureau
    card, clear = min(passwords(bureau).items())
    told = reveal(bureau, issuer.owner, card, _once_key="form", note="misprint")
    assert isinstance(told, Done), told
    assert told.shown_once["activation_password"].replace("-", "") == clear
    again = bureau.do(issuer.owner, "card.reveal", _once_key="form", card=card,
                      reason="vendor_fault", note="misprint")  # fmt: skip
    assert isinstance(again, Done)
    assert again.shown_once == {}
    [row] = bureau.rows(issuer.owner, "disclosures", kind="reveal")
    assert (row["person"], row["purpose"]) == (issuer.owner.login, "vendor_fault: misprint")
    assert bureau.refused(issuer.maker, "card.reveal", card=card, reason="test") == (
        "E-NOT-YOUR-ROLE"
    )


def test_a_rehearsal_shows_nothing_that_is_secret(issuer: Issuer) -> None:
    """S1-28: for it asks for no code, and leaves no line."""
    issuer.opened()
    bureau = issuer.bureau
    card = min(passwords(bureau))
    seen = bureau.done(issuer.owner, "card.reveal", _is_dry_run=True, card=card, reason="test")
    assert seen.shown_once == {}
    told = ask(issuer, issuer.opened().subject, workbook_password=WORKBOOK)
    assert isinstance(told, Done), told
    bureau.do_jobs()
    looked = bureau.done(issuer.maker, "file.take", _is_dry_run=True, file=told.told["file"])
    assert looked.shown_once == {}
    assert taken(issuer, told)


def test_service_reveals_by_a_right_of_its_own(issuer: Issuer) -> None:
    """S1-27."""
    issuer.opened()
    bureau, service = issuer.bureau, issuer.bureau.person("service", "issuer")
    card = min(passwords(bureau))
    told = reveal(bureau, service, card)
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-YOUR-ROLE"
    bureau.sql("UPDATE person_grant SET rights = '{reveal}' WHERE role = 'service'")
    assert isinstance(reveal(bureau, service, card), Done)


def test_a_person_sees_twenty_a_day(issuer: Issuer) -> None:
    issuer.opened()
    bureau, card = issuer.bureau, min(passwords(issuer.bureau))
    for _ in range(20):
        assert isinstance(reveal(bureau, issuer.owner, card), Done)
    told = reveal(bureau, issuer.owner, card)
    assert isinstance(told, Refused)
    assert told.code == "E-DAY-LIMIT"
    bureau.later(days=1)
    bureau.sign_in(issuer.owner)
    assert isinstance(reveal(bureau, issuer.owner, card), Done)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE card SET status = 'active', code_hash = NULL, code_sealed = NULL", "E-ACTIVATED"),
        ("UPDATE card SET status = 'voided', code_hash = NULL, code_sealed = NULL", "E-STATE"),
        (
            "UPDATE card_batch SET state = 'voided' WHERE id = (SELECT max(id) FROM card_batch)",
            "E-STATE",
        ),
    ],
)
def test_a_card_that_was_activated_or_voided_has_nothing_to_reveal(
    issuer: Issuer, change: str, code: str
) -> None:
    issuer.opened()
    card = min(passwords(issuer.bureau))
    issuer.bureau.sql(
        change if "card_batch" in change
        else f"{change} WHERE part_id = (SELECT max(id) FROM card_batch_part)"
    )  # fmt: skip
    told = reveal(issuer.bureau, issuer.owner, card)
    assert isinstance(told, Refused)
    assert told.code == code
    assert issuer.bureau.sql("SELECT count(*) FROM disclosure") == [(0,)]


def test_a_masked_value_is_seen_whole_with_a_line(issuer: Issuer) -> None:
    """S1-27, S1-46."""
    bureau = issuer.bureau
    owner = bureau.person("merchant_owner")
    from tests.host.office.conftest import HOME

    member = bureau.done(
        owner, "member.add", phone="13700001234", merchant=HOME["merchant"], name="王小明"
    ).subject
    told = bureau.done(owner, "value.unmask", member=int(member), value="phone", note="he called")
    assert told.shown_once == {"phone": "13700001234"}
    told = bureau.done(owner, "value.unmask", member=int(member), value="name", note="he called")
    assert told.shown_once == {"name": "王小明"}
    bureau.sql(
        "UPDATE member SET state = 'closed', name = '', phone_sealed = '', phone_masked = ''"
        " WHERE id = %s", int(member)
    )  # fmt: skip
    gone = {"member": int(member), "value": "phone", "note": "he called"}
    assert bureau.refused(owner, "value.unmask", **gone) == "E-STATE"
    rows = bureau.rows(bureau.admin, "disclosures", kind="unmask")
    assert [(one["kind"], one["what"]) for one in rows] == [("unmask", "name"), ("unmask", "phone")]


def test_two_at_once_are_counted_one_after_the_other(issuer: Issuer) -> None:
    """The twentieth and the twenty-first at the same moment: one of them is refused."""
    issuer.opened()
    bureau, card = issuer.bureau, min(passwords(issuer.bureau))
    for _ in range(19):
        reveal(bureau, issuer.owner, card)
    with psycopg.connect(bureau.dsns.office) as other:
        other.execute("SELECT id FROM person WHERE login = %s FOR UPDATE", (issuer.owner.login,))
        bureau.connection.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            reveal(bureau, issuer.owner, card)
        bureau.connection.execute("RESET lock_timeout")
    assert bureau.now > dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_the_largest_files_fit_into_a_frame_of_the_link() -> None:
    row = ("10-100000", "998800******0015", "100000.00", "CNY", "2026-01-01", "2029-12-31",
           "allocated", "inactive")  # fmt: skip
    whole = csv_of(row, [row] * CSV_ROWS_MAX).reveal()
    assert len(base64.b64encode(whole)) < FRAME_BYTES_MAX - 10_000


def test_more_cards_than_a_file_has_are_refused(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosures, "ROWS_MAX", 2)
    monkeypatch.setattr(disclosures, "CSV_ROWS_MAX", 1)
    batch = issuer.batch().subject
    for values, most in (({"workbook_password": WORKBOOK}, 2), ({"format": "csv"}, 1)):
        told = ask(issuer, batch, **values)
        assert isinstance(told, Refused)
        assert (told.code, f"more than the {most} cards" in told.en) == ("E-TOO-MANY-CARDS", True)


def test_each_try_of_a_workbooks_password_costs_a_hundred_thousand_rounds_in_life(
    sealing_in_life: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ECMA376Agile, "encrypt", staticmethod(sealing_in_life))
    sealed = workbook_of(["Head"], [["cell"]], Secret(b"eleven blue herons")).reveal()
    assert OOXMLFile(io.BytesIO(sealed)).info["spinValue"] == 100_000
