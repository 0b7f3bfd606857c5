"""A loaded estate stands on its own: balances posted and sealed, and no secret in sight."""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Any, LiteralString

import msgspec
import psycopg
import pytest

from config.run.database import Dsns
from host.estate.demo import bench_estate, demo_estate
from host.estate.plan import EstatePlan
from host.hsm.pvv import PinVerifier
from host.hsm.vault import Vault, VaultError
from host.hsm.voucher_codes import hash_of_code, open_code
from host.ledger import (
    FIRST_SEAL,
    batch_row,
    entry_row,
    exchange_row,
    journal_row,
    lot_row,
    seal_digest,
)
from host.model.secrets import Pan, Secret
from host.office.first import make_first
from host.office.refusals import Refusal
from host.rules.drawing import commitment_of, seed_of
from host.store.book import key_name
from host.store.estates import EstateError, load_estate
from host.store.locks import SHARD_LOCK_CLASS
from host.store.lotteries import place_of_seed

NOW = dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
VAULT = Vault(Secret(bytes(range(32))))
FIRST_PAN = Pan("9988000000000015")

Connection = psycopg.Connection[Any]


def load(connection: Connection, plan: EstatePlan | None = None) -> bool:
    return load_estate(
        connection,
        plan or demo_estate(),
        VAULT,
        now=NOW,
        business_date=TODAY,
        pin_verifier=PinVerifier(VAULT.pvk),
    )


def rows(connection: Connection, query: LiteralString) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


@pytest.fixture
def empty(database: Dsns) -> Iterator[Connection]:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def loaded(module_database: Dsns) -> Iterator[Connection]:
    with psycopg.connect(module_database.owner, autocommit=True) as connection:
        assert load(connection)
        yield connection


def test_a_second_load_changes_nothing(loaded: Connection) -> None:
    count: LiteralString = "SELECT count(*) FROM entry"
    before = rows(loaded, count)
    assert load(loaded) is False
    assert rows(loaded, count) == before


def test_another_estate_is_refused_with_the_name_of_the_one_that_is_there(
    loaded: Connection,
) -> None:
    with pytest.raises(EstateError, match="'demo'"):
        load(loaded, bench_estate(1, 1))


@pytest.mark.parametrize("prefix", ["29", "2988", "2"])
def test_no_card_number_of_an_estate_begins_as_codes_to_pay_by_do(
    empty: Connection, prefix: str
) -> None:
    plan = demo_estate()
    first, *others = plan.issuers
    changed = msgspec.structs.replace(first, pan_prefix=prefix)
    with pytest.raises(EstateError, match=f"prefix {prefix}: codes to pay by begin with 29"):
        load(empty, msgspec.structs.replace(plan, issuers=(changed, *others)))
    assert rows(empty, "SELECT 1 FROM issuer UNION ALL SELECT 1 FROM setting") == []


def test_an_estate_is_not_loaded_beside_a_running_host(database: Dsns, empty: Connection) -> None:
    with psycopg.connect(database.owner) as host:
        host.execute("SELECT pg_advisory_lock(%s, 2)", [SHARD_LOCK_CLASS])
        with pytest.raises(EstateError, match="running host"):
            load(empty)
    assert rows(empty, "SELECT 1 FROM issuer UNION ALL SELECT 1 FROM setting") == []


def test_every_balance_equals_its_entries(loaded: Connection) -> None:
    wrong = rows(
        loaded,
        """
        SELECT account_id FROM purse LEFT JOIN (
            SELECT shard, credit_account AS account_id, sum(amount_minor) AS total
            FROM entry GROUP BY shard, credit_account
        ) AS credit USING (shard, account_id)
        WHERE posted_minor <> coalesce(total, 0)
        """,
    )
    assert wrong == []


def test_points_lots_add_up_to_points_balances(loaded: Connection) -> None:
    [(in_lots,)] = rows(loaded, "SELECT sum(remaining) FROM lot")
    [(in_balances,)] = rows(
        loaded,
        "SELECT sum(posted_minor) FROM purse WHERE unit LIKE 'P:%'",
    )
    assert in_lots == in_balances == sum(card.points for card in demo_estate().cards)


def test_every_entry_is_between_accounts_of_its_unit(loaded: Connection) -> None:
    wrong = rows(
        loaded,
        "SELECT 1 FROM entry JOIN ledger_account AS a ON id IN (debit_account, credit_account) "
        "WHERE a.unit <> entry.unit",
    )
    [(sides, legs)] = rows(
        loaded,
        "SELECT count(*), count(DISTINCT (journal_id, leg)) FROM entry "
        "JOIN ledger_account ON id IN (debit_account, credit_account)",
    )
    assert wrong == []
    assert sides == 2 * legs


def test_the_hash_chain_holds_from_the_first_row(loaded: Connection) -> None:
    seals = rows(loaded, "SELECT shard, previous, digest, items, sealed_at FROM seal ORDER BY 1")
    assert len(seals) == 64
    for shard, previous, digest, items, sealed_at in seals:
        texts, count = canonical_rows(loaded, shard)
        texts.insert(0, batch_row(sealed_at))
        assert previous == FIRST_SEAL
        assert digest == seal_digest(previous, texts)
        assert items == count


def canonical_rows(connection: Connection, shard: int) -> tuple[list[str], int]:
    found = connection.execute(
        """
        SELECT x.slot, x.id, x.kind, encode(x.fingerprint, 'hex'), x.reason,
               encode(x.answer, 'hex'), coalesce(j.original_id, 0), j.card_id,
               j.business_date::text, e.leg, e.debit_account, e.credit_account,
               e.amount_minor, e.unit, l.account_id, l.points, l.expires_on::text
        FROM exchange x JOIN journal j USING (shard, id)
        JOIN entry e ON e.shard = j.shard AND e.journal_id = j.id
        LEFT JOIN lot l ON l.shard = j.shard AND l.id = j.id
        WHERE x.shard = %s AND x.seal = 1 ORDER BY x.id, e.leg
        """,
        [shard],
    ).fetchall()
    texts: list[str] = []
    count = 0
    for _number, group in groupby(found, key=lambda row: row[1]):
        entries = list(group)
        slot, number, kind, fingerprint, reason, answer, original, card, date = entries[0][:9]
        texts.append(exchange_row((slot, number, kind, fingerprint, reason, answer), card))
        texts.append(journal_row(number, kind, original, card, date))
        texts.extend(entry_row(number, *entry[9:14]) for entry in entries)
        if entries[0][14] is not None:
            texts.append(lot_row(number, *entries[0][14:]))
        count += 1
    return texts, count


def test_numbers_go_on_after_the_openings(loaded: Connection) -> None:
    [(next_number,)] = rows(loaded, "SELECT next_number FROM number_block")
    [(last, count)] = rows(loaded, "SELECT max(id) % 1000000000, count(*) FROM journal")
    assert next_number == last + 1 == count + 1


def test_a_card_is_found_by_its_hash_and_opened_by_the_vault(loaded: Connection) -> None:
    [(card, sealed, shard)] = loaded.execute(
        "SELECT id, pan_sealed, shard FROM card WHERE pan_hash = %s", [VAULT.pan_hash(FIRST_PAN)]
    ).fetchall()
    assert card == 1
    assert VAULT.open_pan(sealed) == FIRST_PAN
    assert shard == int.from_bytes(VAULT.pan_hash(FIRST_PAN)[:2], "big") % 64


def test_the_right_pin_matches_what_was_stored(loaded: Connection) -> None:
    [(value,)] = rows(loaded, "SELECT pin_value FROM card WHERE id = 1")
    verifier = PinVerifier(VAULT.pvk)
    assert verifier.matches(FIRST_PAN, Secret(b"123456"), value)
    assert not verifier.matches(FIRST_PAN, Secret(b"123457"), value)


def test_terminal_keys_unwrap_to_what_was_planned(loaded: Connection) -> None:
    first = demo_estate().terminals[0]
    assert first.working is not None
    stored = rows(
        loaded,
        "SELECT usage, generation, block FROM terminal_key WHERE terminal_id = '80010001' "
        "ORDER BY usage",
    )
    keys = [
        VAULT.unwrap(block, key_name(usage, first.terminal_id, generation, first.mac_algorithm))
        for usage, generation, block in stored
    ]
    assert keys == [first.working.mak, first.working.pik, first.tmk]


def test_a_key_put_in_another_terminals_row_does_not_unwrap(loaded: Connection) -> None:
    [(block,)] = rows(
        loaded,
        "SELECT block FROM terminal_key WHERE terminal_id = '80010002' AND usage = 'tmk'",
    )
    assert VAULT.unwrap(block, key_name("tmk", "80010002", 0))
    for other in (key_name("tmk", "80010001", 0), key_name("tmk", "80010002", 1)):
        with pytest.raises(VaultError):
            VAULT.unwrap(block, other)


def test_no_clear_secret_is_in_any_table(loaded: Connection) -> None:
    tables = rows(loaded, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    first = demo_estate().terminals[0]
    assert first.working is not None
    hunted = [FIRST_PAN.reveal().encode(), bytes.fromhex(FIRST_PAN.reveal())]
    hunted += [key.reveal() for key in (first.tmk, first.working.pik, first.working.mak)]
    for (table,) in tables:
        stored = loaded.cursor()
        with stored.copy(
            psycopg.sql.SQL("COPY {} TO STDOUT").format(psycopg.sql.Identifier(table))
        ) as copy:
            text = b"".join(bytes(part) for part in copy)
        for secret in hunted:
            assert secret.hex().encode() not in text.lower(), table
            assert secret not in text, table


def test_a_voucher_is_found_by_its_code_and_has_no_purse(loaded: Connection) -> None:
    voucher = demo_estate().vouchers[0]
    [(number, status, sealed, purses)] = loaded.execute(
        "SELECT c.id, c.status, c.pan_sealed, count(p.account_id) FROM card AS c"
        " LEFT JOIN purse AS p ON p.shard = c.shard AND p.card_id = c.id"
        " WHERE c.pan_hash = %s GROUP BY c.shard, c.pan_hash",
        (hash_of_code(VAULT, voucher.code),),
    ).fetchall()
    assert (number, status, purses) == (voucher.id, "issued", 0)
    assert open_code(VAULT, sealed, number) == voucher.code


def test_a_lottery_is_open_and_its_list_begins_with_what_its_seed_commits_to(
    loaded: Connection,
) -> None:
    plan = demo_estate().lotteries[0]
    [(number, state, sealed, commitment, link)] = rows(
        loaded,
        "SELECT o.id, o.state, o.seed_sealed, o.commitment, l.link FROM lottery AS o"
        " INNER JOIN lottery_list AS l ON l.lottery_id = o.id",
    )
    house = VAULT.open_secret(sealed, place_of_seed(number))
    assert house == plan.house
    seed = seed_of(house, plan.author_words, plan.freezer_words)
    assert state == "open"
    assert commitment == link == commitment_of(seed, plan.content.text)


def test_who_came_with_an_estate_is_nobody_at_the_office(empty: Connection) -> None:
    load(empty)
    assert rows(empty, "SELECT DISTINCT state, password_hash FROM person") == [("disabled", None)]
    make_first(empty, "root", "Root", source="test", now=NOW)
    with pytest.raises(Refusal):
        make_first(empty, "eve", "Eve", source="test", now=NOW)


def test_a_day_that_is_open_already_is_used(empty: Connection) -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    empty.execute("INSERT INTO business_day VALUES (%s, 'open', %s)", [yesterday, NOW])
    assert load(empty)
    assert rows(empty, "SELECT DISTINCT business_date FROM journal") == [(yesterday,)]
