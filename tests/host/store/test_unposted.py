"""What posted nothing has indexes of its own, by a list of the kinds that always post."""

import re

import psycopg
import pytest

from clearing.verify import POSTING_KINDS
from config.run.database import Dsns
from host.model.requests import Kind
from host.store.queries import load_queries

LISTS = re.compile(r"kind (?:NOT IN \(|<> ALL \(\(?ARRAY\[)([^)\]]*)[)\]]")
KIND = re.compile(r"'([a-z_]+)'")
ALSO = {"points_expiry": "the clock asks for it where there is something to write off"}
SELDOM = dict.fromkeys(
    (
        *("lottery_draw", "preauth", "preauth_increment", "preauth_void"),
        *("completion", "completion_advice", "completion_void"),
    ),
    "it always posts, and so seldom that it may stand in both",
)
LOOKING = ("slot_of_number", "unposted", "unposted_exchanges")
INDEXES = ("exchange_unposted", "exchange_unposted_of_card")


def listed(text: str) -> set[str]:
    """The kinds of a statement, or of an index."""
    [kinds] = LISTS.findall(text)
    return set(KIND.findall(kinds))


@pytest.mark.parametrize("name", LOOKING)
def test_a_statement_leaves_out_the_kinds_that_always_post(name: str) -> None:
    """A new kind is in the list of life.sql, or in none: where it may post nothing."""
    kinds = listed(load_queries("host.store", "life.sql")[name])
    assert kinds & {*Kind, "opening"} == {*POSTING_KINDS, *ALSO} - SELDOM.keys()


def test_no_other_statement_lists_kinds() -> None:
    found = {
        name for name, sql in load_queries("host.store", "life.sql").items() if LISTS.findall(sql)
    }
    assert found == set(LOOKING)


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_is_of_what_the_statements_ask(module_database: Dsns, name: str) -> None:
    """Word for word the same kinds, or PostgreSQL would not take it."""
    with psycopg.connect(module_database.owner) as owner:
        row = owner.execute("SELECT pg_get_indexdef(%s::regclass)", (name,)).fetchone()
    assert row is not None
    assert listed(row[0]) == listed(load_queries("host.store", "life.sql")["unposted"])
