"""What waits for a second person when a new version is begun can still be decided."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from config.run.database import Dsns
from host.office.subjects import SUBJECTS, Ref, find
from host.store.awaited import AWAITED, digest_of
from host.store.migrate import migrate, migrations
from tests.host.store.conftest import tried_versions

APPROVALS_SINCE = 22
"""The version that has them first."""
STEP = 3
"""How many of the versions that are tried elsewhere for one here, where each is upgraded slowly."""
SEEN_AS_IT_IS = {
    "grant", "approval", "job", "webhook", "alliance_member", "department", "employee",
    "staff_issue", "reminder", "vendor", "card_face", "sheet", "pickup", "mail", "gift", "gift_to",
    "lottery", "payment", "transaction", "business_day", "settlement", "ad_slot", "ad_booking",
    "report_schedule", "office_file",
}  # fmt: skip
"""What is done to these waits for nobody, or they are no row that is there when it is asked."""
CHANGED = "0" * 64

Connection = psycopg.Connection[Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a version are tried from some of them."""
    if "version" in metafunc.fixturenames:
        tried = [one for one in tried_versions(metafunc.config) if one >= APPROVALS_SINCE]
        metafunc.parametrize("version", tried[::STEP])


def test_every_kind_of_subject_is_carried_over_or_need_not_be() -> None:
    assert AWAITED.keys().isdisjoint(SEEN_AS_IT_IS)
    assert AWAITED.keys() | SEEN_AS_IT_IS == SUBJECTS.keys()
    assert {kind: row.table for kind, row in AWAITED.items()} == {
        kind: SUBJECTS[kind].table for kind in AWAITED
    }


def test_what_nobody_changed_is_seen_as_it_is_after_an_upgrade(
    full_at: Callable[[int], Dsns], version: int
) -> None:
    dsns = full_at(version)
    with psycopg.connect(dsns.owner, autocommit=True) as owner:
        waiting = {kind: key for kind in AWAITED if (key := _key(owner, kind)) is not None}
        assert {"card", "merchant", "programme"} <= waiting.keys()
        asked = {
            kind: _ask(owner, kind, key, _seen(owner, kind, key)) for kind, key in waiting.items()
        }
        changed = _ask(owner, "card", waiting["card"], CHANGED)
    migrate(dsns.owner)
    with psycopg.connect(dsns.owner) as owner:
        for kind, number in asked.items():
            found = find(owner, Ref(kind, waiting[kind]))
            assert found is not None, kind
            assert _kept(owner, number) == found.version, kind
        assert _kept(owner, changed) == CHANGED


def test_the_digest_is_that_by_which_the_office_knows_a_subject(
    full_at: Callable[[int], Dsns],
) -> None:
    """So what a migration carries over is what whoever decides is asked for."""
    with psycopg.connect(full_at(migrations()[-1].number).owner) as owner:
        for kind in AWAITED:
            key = _key(owner, kind)
            assert key is not None, f"no file of full/ has a row of {kind}"
            found = find(owner, Ref(kind, key))
            assert found is not None, kind
            assert _seen(owner, kind, key) == found.version, kind


def _key(owner: Connection, kind: str) -> str | None:
    """Of one of its rows; None where this version has none."""
    row = AWAITED[kind]
    if not _has(owner, row.table, row.key):
        return None
    of_kind = sql.SQL("WHERE t.is_client" if kind == "api_client" else "")
    if kind == "person" and _has(owner, "person", "is_client"):
        of_kind = sql.SQL("WHERE NOT t.is_client")
    if kind == "api_client" and not _has(owner, "person", "is_client"):
        return None
    found = owner.execute(
        sql.SQL("SELECT t.{key}::text FROM {table} AS t {of_kind} ORDER BY t.{key} LIMIT 1").format(
            key=sql.Identifier(row.key), table=sql.Identifier(row.table), of_kind=of_kind
        )
    ).fetchone()
    return found[0] if found is not None else None


def _has(owner: Connection, table: str, column: str) -> bool:
    told = (table, column)
    return (
        owner.execute(
            "SELECT FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s", told
        ).fetchone()
        is not None
    )


def _seen(owner: Connection, kind: str, key: str) -> str:
    digest = digest_of(owner, kind, key)
    assert digest is not None, kind
    return digest


def _ask(owner: Connection, kind: str, key: str, seen: str) -> int:
    foretold = (", foretold", ", '{}'") if _has(owner, "approval", "foretold") else ("", "")
    statement = sql.SQL(
        "INSERT INTO approval (id, action, subject_kind, subject_key, asked, digest, seen,"
        " asked_by, asked_as, asked_at, expires_at{column})"
        " SELECT nextval('approval_number'), 'card.extend', %s, %s, '{{}}', '\\x01', %s,"
        " g.person_id, g.id, now(), now() + interval '1 day'{value} FROM person_grant AS g"
        " ORDER BY g.id LIMIT 1 RETURNING id"
    ).format(column=sql.SQL(foretold[0]), value=sql.SQL(foretold[1]))
    [number] = owner.execute(statement, (kind, key, seen)).fetchone() or (0,)
    return int(number)


def _kept(owner: Connection, number: int) -> str:
    [seen] = owner.execute("SELECT seen FROM approval WHERE id = %s", (number,)).fetchone() or ("",)
    return str(seen)
