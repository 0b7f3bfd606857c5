"""No statement asks its session for a zone: days and months are the house's, or a date's."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import pq

from host.store.queries import load_queries
from tests.clearing.test_plans import numbered
from tests.host.store.needs import LAID_OUT_FIRST, UNASKED
from tests.host.store.test_rights import every_statement

Connection = psycopg.Connection[Any]
TIMESTAMPTZ = 1184
ASK_THE_SESSION = """
SELECT oid::bigint, oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 's'
AND oid::regprocedure::text ~ 'time(stamp)? with time zone|timestamptz'
"""
"""Functions of moments that are stable and no more than that, because they look at the zone."""
WORDS_OF_A_DAY = {"to_char(timestamp with time zone,text)", "timestamptz(date)"}
"""A date as a moment of the session's zone and as that zone's words again: together the date's."""
BESIDE_A_MOMENT = re.compile(
    r"(timestamptz_(pl|mi)_interval|interval_pl_timestamptz|date_(add|sub))"
)
IN_DAYS = re.compile(
    r"make_interval\((years|months|weeks|days)|interval '\S+ (day|week|month|year)"
)
"""A day is longer where clocks are changed; 24 hours are not."""
OTHER_THAN_EPOCH = re.compile(r"extract\((?!EPOCH)(?!DAY FROM \S+ - )", re.IGNORECASE)


def test_no_statement_takes_a_day_from_its_session(catalogue: Connection) -> None:
    asking = {str(oid): name for oid, name in catalogue.execute(ASK_THE_SESSION).fetchall()}
    with catalogue.transaction(force_rollback=True):
        lay_out(catalogue)
        trees: list[str] = []
        catalogue.add_notice_handler(lambda told: trees.append(told.message_detail or ""))
        catalogue.execute("SET LOCAL client_min_messages = log")
        catalogue.execute("SET LOCAL debug_print_parse = on")
        for file, name, text in every_statement():
            if UNASKED.search(text):
                continue
            trees.clear()
            plain = LAID_OUT_FIRST.sub("", text)
            result = catalogue.pgconn.prepare(b"", numbered(plain).encode(), kinds_of(plain))
            assert result.status == pq.ExecStatus.COMMAND_OK, result.error_message.decode()
            found = sorted(asked_of_the_session("\n".join(trees), text, asking))
            assert found == [], f"{file}: {name}: let the house's day or zone be told to it"


def lay_out(catalogue: Connection) -> None:
    """What the audit lays out before it asks."""
    for file in ("audit_laid.sql", "claims.sql", "heads.sql"):
        for name, text in load_queries("clearing", file).items():
            if name.startswith("create_"):
                catalogue.execute(text.replace("%%", "%"))


def kinds_of(text: str) -> list[int]:
    """Of its parameters: moments are told as moments, as psycopg tells them; 0 is for PostgreSQL
    to find out."""
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
    return [TIMESTAMPTZ if re.fullmatch(r"now|at|(?!shown)\w+_at", name) else 0 for name in names]


def asked_of_the_session(tree: str, text: str, asking: dict[str, str]) -> Iterator[str]:
    called = re.findall(r":(?:funcid|opfuncid)\s+(\d+)", tree)
    found = [asking[oid] for oid in called if oid in asking]
    words = [name for name in found if name in WORDS_OF_A_DAY]
    if len({words.count(name) for name in WORDS_OF_A_DAY}) > 1:
        yield from words
    for name in set(found) - WORDS_OF_A_DAY:
        if BESIDE_A_MOMENT.match(name):
            is_asking = IN_DAYS.search(text) is not None
        elif name.startswith('"extract"'):
            is_asking = OTHER_THAN_EPOCH.search(text) is not None
        else:
            is_asking = True
        if is_asking:
            yield name
    if re.search(rf"COERCEVIAIO\s+:arg\s+\{{\w+[^{{}}]*?type\s+{TIMESTAMPTZ}\b", tree):
        yield "a moment in words"
