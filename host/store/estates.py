"""Puts an estate into the database: once, whole, by sets, with its opening balances posted.

Keys are wrapped, PANs hashed and sealed, PINs turned into verification values before anything
is sent. Everything goes in by COPY in one transaction: an estate is there or it is not.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, LiteralString

import psycopg

from host.estate.accounts import HouseAccount, house_accounts
from host.estate.batches import (
    FIRST_DAY,
    batch_row,
    part_row,
    product_row,
    version_row,
)
from host.estate.ends import LAST_DAY
from host.estate.openings import LoadedCard, Row, open_cards
from host.estate.plan import (
    LONG_AGO,
    BatchPlan,
    CardPlan,
    EstatePlan,
    ProgrammePlan,
    TerminalPlan,
    ZoneKeyPlan,
)
from host.hsm.interface import Hsm
from host.hsm.keys import DeliveredKeys
from host.hsm.purposes import KeyName
from host.hsm.pvv import PinVerifier
from host.hsm.voucher_codes import hash_of_code, seal_code
from host.ledger import DEBT_FLOOR_POINTS, Chart, Leg
from host.model.instruments import SaleState
from host.model.numbers import number_of
from host.model.pay_codes import is_of_codes
from host.model.secrets import CODE_PREFIX, Secret
from host.model.vouchers import VoucherState
from host.shards import shard_of
from host.store.book import SQL as BOOK
from host.store.book import key_name, key_row, working_keys
from host.store.chains import ends_of_chains
from host.store.changes import note_what_differs
from host.store.estate_lotteries import copy_lotteries
from host.store.loading import SQL as POSTING
from host.store.locks import SHARD_LOCK_CLASS
from host.store.office_settings import OFFICE_SETTINGS
from host.store.office_settings import SQL as SET
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "estates.sql")
SHARD_COUNT: Final = 64
"""Of a new database. It never changes after its first card: one made with fewer keeps them."""
FIRST_GENERATION: Final = 1
"""The generation of working keys that a terminal is delivered with."""
TMK_GENERATION: Final = 0

Connection = psycopg.Connection[Any]


class EstateError(Exception):
    """The database cannot take this estate. Says what stands in the way and what to do."""


def load_estate(
    connection: Connection,
    plan: EstatePlan,
    hsm: Hsm,
    *,
    now: dt.datetime,
    business_date: dt.date,
    pin_verifier: PinVerifier,
) -> bool:
    """Load the plan unless it is there already; True when this call loaded it.

    `connection` is the owner's. `business_date` opens the first business day; where a day is
    open already, openings are posted on that one.

    Raises:
        EstateError: the database holds another estate, a host is running on it, or card numbers of
            the plan begin as codes to pay by do.
    """
    _refuse_prefixes_of_codes(plan)
    with connection.transaction():
        if not _claim(connection, plan.name):
            return False
        date = _open_day(connection, business_date, now)
        _copy_estate(connection, plan, hsm)
        accounts = _open_house_accounts(connection, plan)
        issuers = _issuers(plan, accounts, date)
        loader = _CardLoader(hsm, pin_verifier, _settle_shards(connection))
        _copy_batches(connection, plan.batches, now)
        ids = iter(_take_account_ids(connection, 2 * len(plan.all_cards)))
        cards = [
            loader.load(card, issuers[card.issuer_id], next(ids), next(ids))
            for card in plan.all_cards
        ]
        _copy_cards(connection, cards, issuers)
        vouchers = chain.from_iterable(map(loader.vouchers, plan.batches))
        _copy(connection, "copy_cards", vouchers)
        copy_lotteries(connection, plan.lotteries, hsm, now, _copy)
        _post_openings(connection, cards, date, now)
        for name, value in plan.settings:
            told = {"name": OFFICE_SETTINGS[name].name, "value": value, "now": now, "by": plan.name}
            connection.execute(SET["set_office_setting"], told)
        note_what_differs(connection)
        connection.execute(SQL["analyze"])
    return True


def _claim(connection: Connection, name: str) -> bool:
    if connection.execute(SQL["claim_database"], {"name": name}).rowcount == 1:
        return True
    there = _value(connection, "estate_name")
    if there != name:
        raise EstateError(
            f"the database already holds estate {there!r}, so {name!r} cannot be loaded. "
            "Next: use another --data directory or another database"
        )
    return False


def _refuse_prefixes_of_codes(plan: EstatePlan) -> None:
    for one in plan.issuers:
        if is_of_codes(one.pan_prefix):
            raise EstateError(
                f"issuer {one.institution_id} has the prefix {one.pan_prefix}: codes to pay by "
                f"begin with {CODE_PREFIX}, so no card number may. Next: give it another prefix"
            )


def _settle_shards(connection: Connection) -> int:
    connection.execute(SQL["settle_shard_count"], {"count": str(SHARD_COUNT)})
    shard_count = int(_first(connection, BOOK["shard_count"]))
    for shard in range(shard_count):
        where = {"lock_class": SHARD_LOCK_CLASS, "shard": shard}
        if not _value(connection, "try_shard_lock", where):
            raise EstateError(
                f"shard {shard} belongs to a running host. Next: stop it, and load the estate again"
            )
    return shard_count


def _open_day(connection: Connection, business_date: dt.date, now: dt.datetime) -> dt.date:
    found: dt.date | None = _first(connection, POSTING["open_business_date"])
    if found is not None:
        return found
    connection.execute(SQL["open_business_day"], {"business_date": business_date, "now": now})
    return business_date


def _copy_estate(connection: Connection, plan: EstatePlan, hsm: Hsm) -> None:
    """The few rows that the host reads whole."""
    for name, rows in _estate_rows(plan, hsm):
        _copy(connection, name, rows)


def _estate_rows(plan: EstatePlan, hsm: Hsm) -> Iterator[tuple[str, Iterable[Row]]]:
    yield "copy_issuers", (_fields(one) for one in plan.issuers)
    yield "copy_alliances", (_fields(one) for one in plan.alliances)
    yield "copy_programmes", (_programme_row(one) for one in plan.programmes)
    yield "copy_points_lives", (_life_row(one) for one in plan.programmes)
    yield (
        "copy_points_prices",
        (
            (one.code, LONG_AGO, one.price_points, one.price_minor)
            for one in plan.programmes
            if one.price_points
        ),
    )
    yield "copy_merchants", ((one.id, one.merchant_id, one.name) for one in plan.merchants)
    yield "copy_alliance_members", (_fields(one) for one in plan.alliance_members)
    yield (
        "copy_acceptances",
        ((one.id, issuer) for one in plan.merchants for issuer in one.issuer_ids),
    )
    yield "copy_stores", (_fields(one) for one in plan.stores)
    yield (
        "copy_terminals",
        (
            (
                one.terminal_id,
                one.store_id,
                one.epoch,
                one.mac_algorithm.value,
                one.family.value,
            )
            for one in plan.terminals
        ),
    )
    yield (
        "copy_terminal_keys",
        (row for terminal in plan.terminals for row in _key_rows(terminal, hsm)),
    )
    yield "copy_zone_keys", (_zone_row(zone, hsm) for zone in plan.zone_keys)


def _copy_batches(connection: Connection, batches: Sequence[BatchPlan], now: dt.datetime) -> None:
    """Card batches that come with the estate; what is made later has higher numbers."""
    for name, rows in (
        ("copy_products", map(product_row, batches)),
        ("copy_product_versions", (version_row(one, now) for one in batches)),
        ("copy_card_batches", (batch_row(one, now) for one in batches)),
        ("copy_card_parts", (part_row(one, now) for one in batches)),
    ):
        _copy(connection, name, rows)


def _fields(value: Any) -> Row:
    """A plan value whose fields are its table's columns, in order."""
    return tuple(getattr(value, name) for name in value.__struct_fields__)


def _programme_row(one: ProgrammePlan) -> Row:
    earned_by = (one.earn_points, one.earn_per_minor, one.redemption_points_min)
    return (
        one.code, one.issuer_id, one.name, *earned_by, one.debt_is_allowed, one.alliance_id,
        one.is_primary, one.merchant_id,
    )  # fmt: skip


def _life_row(one: ProgrammePlan) -> Row:
    life = one.life
    return (one.code, life.since, life.life.value, life.count, life.pending_days)


def _key_rows(terminal: TerminalPlan, hsm: Hsm) -> Iterator[Row]:
    owner = terminal.terminal_id
    keys: list[tuple[KeyName, Secret]] = [(key_name("tmk", owner, TMK_GENERATION), terminal.tmk)]
    if terminal.working is not None:
        working = terminal.working
        delivered = DeliveredKeys(pik=working.pik, mak=working.mak, tdk=working.tdk)
        keys += working_keys(owner, FIRST_GENERATION, terminal.mac_algorithm, delivered)
    if terminal.device is not None:
        key_id = terminal.device.key_id
        name = KeyName(purpose="ik", owner=owner, generation=FIRST_GENERATION, key_id=key_id)
        keys.append((name, terminal.device.initial_key))
    for name, key in keys:
        yield key_row(hsm, name, key)


def _zone_row(zone: ZoneKeyPlan, hsm: Hsm) -> Row:
    owner, _, _, block, check_value = key_row(
        hsm, KeyName(purpose="zpk", owner=zone.name), zone.key
    )
    return owner, block, check_value


def _open_house_accounts(connection: Connection, plan: EstatePlan) -> dict[HouseAccount, int]:
    names = house_accounts(plan)
    accounts = dict(zip(names, _take_account_ids(connection, len(names)), strict=True))
    rows = (
        (number, name.chart.value, name.unit, name.issuer_id, name.merchant_id)
        for name, number in accounts.items()
    )
    _copy(connection, "copy_accounts", rows)
    return accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    """What the cards of one issuer have in common."""

    currency: str
    points_unit: str
    funds_account: int
    points_issued_account: int
    points_floor: int
    lot_expires_on: dt.date


@dataclass(frozen=True, slots=True)
class _CardLoader:
    """Turns planned cards into loaded ones: the only place that sees their PANs and PINs."""

    hsm: Hsm
    pin_verifier: PinVerifier
    shard_count: int

    def load(self, card: CardPlan, issuer: _Issuer, value: int, points: int) -> LoadedCard:
        """The card with its hash, shard and legs; `value` and `points` are its accounts."""
        pan_hash = self.hsm.pan_hash(card.pan)
        return LoadedCard(
            plan=card,
            shard=shard_of(pan_hash, self.shard_count),
            pan_hash=pan_hash,
            pan_sealed=self.hsm.seal_pan(card.pan),
            pin_value=None if card.pin is None else self.pin_verifier.value(card.pan, card.pin),
            value_account=value,
            points_account=points,
            money_leg=_leg(issuer.funds_account, value, card.balance_minor, issuer.currency),
            points_leg=_leg(issuer.points_issued_account, points, card.points, issuer.points_unit),
            lot_expires_on=issuer.lot_expires_on,
        )

    def vouchers(self, batch: BatchPlan) -> Iterator[Row]:
        """Rows of a batch's vouchers: as cards that open with nothing and have no PIN."""
        for one in batch.vouchers:
            code_hash = hash_of_code(self.hsm, one.code)
            found_by = (shard_of(code_hash, self.shard_count), code_hash, one.id, batch.issuer_id)
            seen_by = (one.code.masked, seal_code(self.hsm, one.code, one.id))
            made_as = (one.part, SaleState.UNSOLD.value, FIRST_DAY, LAST_DAY)
            yield (
                *found_by, VoucherState.ISSUED.value, f"{LAST_DAY:%y%m}", None, *seen_by, *made_as,
            )  # fmt: skip


def _issuers(
    plan: EstatePlan, accounts: dict[HouseAccount, int], date: dt.date
) -> dict[int, _Issuer]:
    issuers: dict[int, _Issuer] = {}
    for one in plan.issuers:
        programme = plan.programme_of(one.id)
        funds = HouseAccount(Chart.ISSUER_FUNDS, one.currency, one.id, None)
        issued = HouseAccount(Chart.POINTS_ISSUED, programme.unit, one.id, None)
        issuers[one.id] = _Issuer(
            currency=one.currency,
            points_unit=programme.unit,
            funds_account=accounts[funds],
            points_issued_account=accounts[issued],
            points_floor=DEBT_FLOOR_POINTS if programme.debt_is_allowed else 0,
            lot_expires_on=programme.life.days_of(date)[0],
        )
    return issuers


def _leg(debit: int, credit: int, amount_minor: int, unit: str) -> Leg | None:
    return Leg(debit, credit, amount_minor, unit) if amount_minor else None


def _copy_cards(
    connection: Connection, cards: list[LoadedCard], issuers: dict[int, _Issuer]
) -> None:
    _copy(connection, "copy_cards", (_card_row(card) for card in cards))
    _copy(
        connection,
        "copy_purses",
        (
            row
            for card in cards
            if not card.plan.part
            for row in _purse_rows(card, issuers[card.plan.issuer_id])
        ),
    )


def _card_row(card: LoadedCard) -> Row:
    plan = card.plan
    found_by = (card.shard, card.pan_hash, plan.id, plan.issuer_id)
    checked_by = (plan.status, plan.expiry, card.pin_value)
    seen_by = (plan.pan.masked, card.pan_sealed)
    made_as = (plan.part, plan.sale.value) if plan.part else (None, None)
    return (*found_by, *checked_by, *seen_by, *made_as, plan.valid_from, plan.valid_to)


def _purse_rows(card: LoadedCard, issuer: _Issuer) -> tuple[Row, Row]:
    whose, plan = (card.shard, card.plan.id), card.plan
    expires_from = card.lot_expires_on if plan.points else None
    points = (plan.points, issuer.points_floor, expires_from)
    return (
        (*whose, card.value_account, issuer.currency, plan.balance_minor, 0, None),
        (*whose, card.points_account, issuer.points_unit, *points),
    )


def _post_openings(
    connection: Connection, cards: list[LoadedCard], date: dt.date, now: dt.datetime
) -> None:
    opening = [card for card in cards if card.legs]
    where = {"business_date": date, "count": len(opening)}
    first_number = number_of(date, _value(connection, "take_numbers", where))
    rows = open_cards(
        opening,
        first_number=first_number,
        chain_ends=ends_of_chains(connection, {card.shard for card in opening}),
        business_date=date,
        now=now,
    )
    _copy(connection, "copy_exchanges", rows.exchanges)
    _copy(connection, "copy_journals", rows.journals)
    _copy(connection, "copy_entries", rows.entries)
    _copy(connection, "copy_lots", rows.lots)
    _copy(connection, "copy_seals", rows.seals)
    numbers = {"first_number": first_number, "end_number": first_number + len(opening)}
    shards = list({card.shard for card in opening})
    connection.execute(SQL["begin_trails"], {"shards": shards, **numbers})


def _take_account_ids(connection: Connection, count: int) -> list[int]:
    rows = connection.execute(SQL["take_account_ids"], {"count": count}).fetchall()
    return [row[0] for row in rows]


def _copy(connection: Connection, name: str, rows: Iterable[Row]) -> None:
    with connection.cursor().copy(SQL[name]) as copy:
        for row in rows:
            copy.write_row(row)


def _value(connection: Connection, name: str, values: dict[str, Any] | None = None) -> Any:
    return _first(connection, SQL[name], values)


def _first(
    connection: Connection, statement: LiteralString, values: dict[str, Any] | None = None
) -> Any:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else row[0]
