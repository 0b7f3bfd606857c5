"""An edit of the estate that was made by hand is shown, and taken over by two people."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from clearing.changed import broken_links
from clearing.night import SQL as NIGHT
from clearing.verify import audit
from config.run.database import Dsns
from host.store.changes import link_changes
from host.store.deciding import CHAINED, TABLES, How
from host.store.queries import load_queries
from host.store.takeovers import (
    NOT_SHOWN,
    Edit,
    HandMade,
    Outcome,
    TakeoverError,
    hand_made,
    take_over,
)
from tests.host.conftest import NOW

Connection = psycopg.Connection[Any]
BOOK, KEYS, POSTING = (
    load_queries("host.store", f"{name}.sql") for name in ("book", "keys", "posting")
)
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def owner(estate_database: Dsns) -> Iterator[Connection]:
    with psycopg.connect(estate_database.owner, autocommit=True) as connection:
        yield connection


def said(owner: Connection) -> list[str]:
    """What the audit says."""
    return [str(finding) for finding in audit(owner)]


def agree(owner: Connection, *people: str, reason: str | None = "meant") -> list[Outcome]:
    """Each asks for everything that was edited by hand, one after the other."""
    return [
        outcome
        for by in people
        for _, outcome in take_over(owner, hand_made(owner), by=by, reason=reason, now=LATER)
    ]


def edits_of(found: list[HandMade]) -> list[tuple[str, How, list[Edit]]]:
    return [(one.table, one.how, list(one.edits)) for one in found]


def test_an_untouched_estate_has_no_edit(owner: Connection) -> None:
    assert hand_made(owner) == []


def test_an_edit_is_shown_column_by_column(owner: Connection) -> None:
    owner.execute(
        "UPDATE terminal SET is_active = false, serial = 'S-1' WHERE terminal_id = '80010002'"
    )
    owner.execute("UPDATE issuer SET name = 'Another' WHERE id = 1")
    owner.execute(
        "INSERT INTO merchant (id, merchant_id, name) VALUES (77, repeat('7', 15), 'New')"
    )
    owner.execute("DELETE FROM acceptance WHERE merchant_id = 2 AND issuer_id = 1")
    issuer, merchant, acceptance, terminal = edits_of(hand_made(owner))
    assert issuer[:2] == ("issuer", How.CHANGED)
    assert [(edit.column, edit.after) for edit in issuer[2]] == [("name", "Another")]
    assert merchant == (
        "merchant",
        How.PUT_IN,
        [
            Edit("id", "-", "77"),
            Edit("city", "-", ""),
            Edit("name", "-", "New"),
            Edit("hours", "-", ""),
            Edit("trade", "-", ""),
            Edit("contact", "-", ""),
            Edit("closed_on", "-", "null"),
            Edit("is_active", "-", "true"),
            Edit("merchant_id", "-", "7" * 15),
            Edit("service_phone", "-", ""),
            Edit("introduction_en", "-", ""),
            Edit("introduction_zh", "-", ""),
        ],
    )
    assert acceptance == (
        "acceptance",
        How.TAKEN_OUT,
        [Edit("issuer_id", "1", "-"), Edit("merchant_id", "2", "-")],
    )
    assert terminal == (
        "terminal",
        How.CHANGED,
        [Edit("serial", "null", "S-1"), Edit("is_active", "true", "false")],
    )


def test_a_secret_is_never_shown_and_that_it_differs_is(owner: Connection) -> None:
    owner.execute("UPDATE card SET status = 'frozen' WHERE id = 7")
    owner.execute("UPDATE card SET pin_value = '000000' WHERE id = 8")
    edits = [edit for one in hand_made(owner) for edit in one.edits]
    unseen = Edit(
        "code_hash or code_sealed or pan_hash or pan_sealed or pin_value", NOT_SHOWN, NOT_SHOWN
    )
    assert sorted(edits) == sorted([Edit("status", "active", "frozen"), unseen])


def test_what_was_kept_and_altered_shows_as_more_than_it_tells(owner: Connection) -> None:
    """Whoever edits a row and what was kept of it hides nothing from who agrees."""
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    owner.execute(
        "UPDATE change SET content = content || '{\"is_active\": false}'"
        " WHERE relation = 'terminal' AND key = '80010002'"
    )
    [one] = hand_made(owner)
    assert one.edits == (Edit("another", NOT_SHOWN, NOT_SHOWN),)


def test_two_people_take_over_what_one_alone_cannot(owner: Connection) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    assert agree(owner, "li") == [Outcome.ASKED]
    [one] = hand_made(owner)
    assert one.asked is not None
    assert (one.asked.by, one.asked.reason, one.asked.at) == ("li", "meant", LATER)
    assert agree(owner, "li") == [Outcome.WAITING]
    assert len(said(owner)) == 1, "one person's word changes nothing"
    assert agree(owner, "wang", reason=None) == [Outcome.TAKEN_OVER]
    assert hand_made(owner) == []
    assert said(owner) == []
    noted = owner.execute(
        "SELECT relation, key, reason, asked_by, accepted_by FROM change WHERE reason IS NOT NULL"
    ).fetchall()
    assert noted == [("terminal", "80010002", "meant", "li", "wang")]


def test_rows_put_in_and_taken_out_are_taken_over_too(owner: Connection) -> None:
    owner.execute(
        "INSERT INTO merchant (id, merchant_id, name) VALUES (77, repeat('7', 15), 'New')"
    )
    owner.execute(
        "INSERT INTO account (id, chart, unit, merchant_id)"
        " SELECT nextval('account_number'), chart, unit, 77 FROM account"
        " WHERE merchant_id = 1 AND issuer_id IS NULL LIMIT 1"
    )
    owner.execute("DELETE FROM acceptance WHERE merchant_id = 2 AND issuer_id = 1")
    edited = len(hand_made(owner))
    assert agree(owner, "li", "wang") == [Outcome.ASKED] * edited + [Outcome.TAKEN_OVER] * edited
    assert said(owner) == []


def test_what_is_agreed_to_is_what_was_asked_for(owner: Connection) -> None:
    """A row that is edited between the two has to be asked for again."""
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    agree(owner, "li")
    owner.execute("UPDATE terminal SET epoch = '000999' WHERE terminal_id = '80010002'")
    assert agree(owner, "wang") == [Outcome.ASKED]
    assert agree(owner, "li") == [Outcome.TAKEN_OVER]
    assert said(owner) == []


def test_a_word_that_was_put_in_by_hand_is_nobodys(owner: Connection) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    owner.execute(
        "INSERT INTO takeover SELECT 'terminal', terminal_id, row_digest(t), 'meant', 'wang', now()"
        " FROM terminal AS t WHERE terminal_id = '80010002'"
    )
    [one] = [one for one in hand_made(owner) if one.table == "terminal"]
    assert one.asked is None
    assert take_over(owner, [one], by="li", reason="mine", now=LATER) == [(one, Outcome.ASKED)]


def test_a_row_that_changes_after_it_was_looked_at_is_not_taken_over(owner: Connection) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    agree(owner, "li")
    seen = hand_made(owner)
    owner.execute("UPDATE terminal SET epoch = '000999' WHERE terminal_id = '80010002'")
    with pytest.raises(TakeoverError, match="changed again meanwhile"):
        take_over(owner, seen, by="wang", reason=None, now=LATER)
    assert len(said(owner)) == 1


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_nothing_is_asked_for_without_a_reason(owner: Connection, reason: str | None) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    with pytest.raises(TakeoverError, match="--reason"):
        agree(owner, "li", reason=reason)
    assert hand_made(owner)[0].asked is None


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE setting SET value = '8' WHERE name = 'shard_count'",
        "UPDATE terminal_key SET check_value = '000000'",
        "UPDATE business_day SET opened_at = opened_at + interval '1 day'",
        "UPDATE number_block SET next_number = 1",
        "UPDATE account SET unit = 'EUR' WHERE chart = 'suspense' AND unit = 'CNY'",
        "DELETE FROM account WHERE chart = 'suspense'",
        "UPDATE schema_migration SET applied_at = now() WHERE number = 1",
    ],
)
def test_what_follows_from_trade_keys_or_the_night_is_never_taken_over(
    owner: Connection, edit: str
) -> None:
    owner.execute(edit)
    found = hand_made(owner)
    assert found
    assert not any(one.may_be_taken_over for one in found)
    with pytest.raises(TakeoverError, match="never taken over"):
        agree(owner, "li")


def test_money_is_in_no_table_that_is_looked_at(owner: Connection) -> None:
    """Journals, entries, balances, exchanges, lots, seals and heads have no notes to take over.

    Beside the estate it is a change of a row of it, by its number.
    """
    taken = {table.name for table in CHAINED if table.is_edited}
    by_database = {
        table
        for (definition,) in owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname IN ('change_taken_over_of_estate', 'takeover_of_estate')"
        )
        for table in taken
        if f"'{table}'" in definition and definition.count("::text") == len(taken) + 1
    }
    assert by_database == taken
    for relation in ("journal", "entry", "purse", "exchange", "seal", "signed_head", "position"):
        with pytest.raises(errors.CheckViolation, match="change_taken_over_of_estate"):
            owner.execute(
                "INSERT INTO change (relation, key, reason, asked_by, accepted_by)"
                " VALUES (%s, '1', 'x', 'li', 'wang')",
                [relation],
            )


def test_the_database_itself_wants_two_people(owner: Connection) -> None:
    with pytest.raises(errors.CheckViolation, match="change_taken_over_by_two"):
        owner.execute(
            "INSERT INTO change (relation, key, reason, asked_by, accepted_by)"
            " VALUES ('terminal', '1', 'x', 'li', 'li')"
        )


@pytest.mark.parametrize("login", ["host", "night"])
def test_no_program_takes_over_anything(estate_database: Dsns, login: str) -> None:
    with psycopg.connect(getattr(estate_database, login), autocommit=True) as connection:
        for statement in (
            "INSERT INTO change (relation, key, reason) VALUES ('terminal', '1', 'x')",
            "INSERT INTO takeover (relation, key) VALUES ('terminal', '1')",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize(
    "forged",
    ["reason = 'another'", "accepted_by = 'chen'", "asked_by = 'chen'", "content = '{}'"],
)
def test_a_reason_or_name_that_is_altered_later_breaks_the_chain(
    owner: Connection, forged: str
) -> None:
    owner.execute("UPDATE terminal SET is_active = false WHERE terminal_id = '80010002'")
    agree(owner, "li", "wang")
    link_changes(owner)
    assert list(broken_links(owner)) == []
    owner.execute(f"UPDATE change SET {forged} WHERE reason IS NOT NULL")
    assert len(list(broken_links(owner))) == 1


def lock_out(owner: Connection, failures: int = 3) -> None:
    """What the poster does after a wrong PIN, of the first card."""
    owner.execute(
        POSTING["count_pin_failures"],
        owner.execute(
            "SELECT array_agg(shard), array_agg(pan_hash), array_agg(%s::smallint) FROM card"
            " WHERE id = 7",
            [failures],
        ).fetchone(),
    )


def test_an_edit_that_a_program_wrote_over_is_shown_and_taken_over_by_two(
    owner: Connection,
) -> None:
    owner.execute("UPDATE card SET status = 'frozen', pin_value = '000000' WHERE id = 7")
    lock_out(owner)
    [finding] = said(owner)
    [one] = hand_made(owner)
    assert f"is not what this program last made it, before change {one.change}" in finding
    assert set(one.edits) == {
        Edit("status", "active", "frozen"),
        Edit("pin_failures", "0", "3"),
        Edit(
            "code_hash or code_sealed or pan_hash or pan_sealed or pin_value", NOT_SHOWN, NOT_SHOWN
        ),
    }
    assert agree(owner, "li", "li") == [Outcome.ASKED, Outcome.WAITING]
    assert len(said(owner)) == 1
    lock_out(owner, 0)
    assert agree(owner, "wang", reason=None) == [Outcome.TAKEN_OVER]
    assert (said(owner), hand_made(owner)) == ([], [])
    owner.execute("UPDATE card SET pin_value = '111111' WHERE id = 7")
    lock_out(owner)
    assert len(said(owner)) == len(hand_made(owner)) == 1, "another edit is another matter"


def test_an_edit_that_was_written_over_and_is_of_no_estate_is_never_taken_over(
    owner: Connection,
) -> None:
    owner.execute("UPDATE business_day SET opened_at = opened_at + interval '1 day'")
    owner.execute(NIGHT["close_day"], {"business_date": dt.date(2026, 11, 22)})
    [one] = hand_made(owner)
    assert (one.change is None, one.may_be_taken_over) == (False, False)
    with pytest.raises(TakeoverError, match="never taken over"):
        agree(owner, "li")
    owner.execute(
        "INSERT INTO change (relation, key, digest, reason, asked_by, accepted_by)"
        " SELECT 'change', id::text, before, 'meant', 'li', 'wang' FROM change WHERE id = %s",
        [one.change],
    )
    assert len(said(owner)) == 1, "nor by who writes into the chain that it was"


SPOIL = "UPDATE terminal_key SET check_value = 'F00BAA' WHERE terminal_id = '80010002'"


def give_anew(owner: Connection) -> None:
    """What a sign-on does: new keys, and those before them go."""
    owner.execute(
        BOOK["drop_keys"],
        owner.execute(
            "SELECT array_agg(t.terminal_id), array_agg(0), array_agg(99) FROM terminal AS t"
            " WHERE t.terminal_id = '80010002'"
        ).fetchone(),
    )


def test_a_key_that_was_spoilt_is_taken_over_by_two_once_it_was_given_anew(
    owner: Connection,
) -> None:
    owner.execute(f"{SPOIL} AND usage = 'mak'")
    [one] = hand_made(owner)
    assert (one.change, one.may_be_taken_over) == (None, False)
    with pytest.raises(TakeoverError, match=r"still not the key .*, and"):
        agree(owner, "li")
    give_anew(owner)
    [finding] = said(owner)
    [one] = hand_made(owner)
    assert f"before change {one.change}" in finding
    assert (one.may_be_taken_over, one.edits) == (True, ())
    assert agree(owner, "li", "li") == [Outcome.ASKED, Outcome.WAITING]
    assert said(owner) == [finding]
    assert agree(owner, "wang", reason=None) == [Outcome.TAKEN_OVER]
    assert (said(owner), hand_made(owner)) == ([], [])
    link_changes(owner)
    assert list(broken_links(owner)) == []


def test_a_key_that_is_spoilt_again_is_not_taken_over_whatever_was_asked(owner: Connection) -> None:
    """Both what stands and what was written over stay findings, until the key is ours again."""
    put_back = KEYS["put_zone_key"], ("LAKE", "B", "0000", "li", NOW)
    owner.execute(*put_back)
    spoil = "UPDATE zone_key SET block = 'X' WHERE name = 'LAKE'"
    owner.execute(spoil)
    owner.execute(*put_back)
    assert agree(owner, "li") == [Outcome.ASKED]
    seen = hand_made(owner)
    owner.execute(spoil)
    assert [one.may_be_taken_over for one in hand_made(owner)] == [False, False]
    for wanted in (seen, hand_made(owner)):
        with pytest.raises(TakeoverError, match="still not the key"):
            take_over(owner, wanted, by="wang", reason=None, now=LATER)
    assert len(said(owner)) == 2
    owner.execute(*put_back)
    assert agree(owner, "wang") == [Outcome.TAKEN_OVER, Outcome.ASKED]
    assert len(said(owner)) == 1


@pytest.mark.parametrize("table", [table.name for table in CHAINED if not table.is_edited])
def test_of_no_other_table_an_edit_that_was_written_over_may_be_taken_over(table: str) -> None:
    keys = {"terminal_key", "zone_key", "transport_key", "key_component"}
    assert TABLES[table].may_have_been(How.CHANGED) is (table in keys)
    assert not any(TABLES[table].may_be_taken_over(how) for how in How)


def test_a_note_that_does_not_say_what_was_before_is_nobodys(owner: Connection) -> None:
    owner.execute("UPDATE card SET pin_value = '000000' WHERE id = 7")
    owner.execute(
        "INSERT INTO change (form, relation, key, digest, content)"
        " SELECT 1, 'card', concat_ws('/', shard, encode(pan_hash, 'hex')), row_digest(t),"
        " row_content(t, '{pan_hash,pan_sealed,pin_value}') FROM card AS t WHERE id = 7"
    )
    [finding] = said(owner)
    assert "of card, was put in by other than this program" in finding
