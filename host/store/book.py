"""Reads the estate into the `Book`, and keeps the key sets that sign-ons mint."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final, LiteralString

import psycopg

from host.book import AccountName, Book, Issuer, KeySet, Merchant, Terminal
from host.earn_rules import EarnRule
from host.hsm.dukpt import Device, device_of
from host.hsm.interface import Hsm
from host.hsm.key_blocks import Header, header_of
from host.hsm.keys import DeliveredKeys
from host.hsm.pin import PinBlockReader
from host.hsm.purposes import KeyName, check_value_of, key_id_of
from host.hsm.track import TrackCipher
from host.hsm.vault import VaultError
from host.key_faults import UNUSABLE, KeyFault, idle_fault, is_idle
from host.ledger import Chart
from host.model.instruments import (
    Activation,
    BatchState,
    CardBatch,
    CardPart,
    Form,
    PinPolicy,
    Terms,
)
from host.model.money import POINTS_PREFIX
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalFamily
from host.model.vouchers import ProductKind
from host.programmes import Alliance, Life, LotLife, Member, Price, Prices, Programme, by_number
from host.shards import home_of
from host.store.estate_versions import estate_version
from host.store.queries import load_queries
from host.store.rulebook import read_rules

SQL: Final = load_queries("host.store", "book.sql")
Connection = psycopg.Connection[Any]
NEWEST_FIRST: Final = "\nORDER BY k.terminal_id ASC, k.generation DESC"
"""In which keys are read, terminal by terminal."""


@dataclass(slots=True)
class TerminalKeys:
    """What is stored of one terminal's keys, ready for use."""

    key_sets: list[KeySet] = field(default_factory=list)
    """The newest first."""
    device: Device | None = None
    device_key: MacKey | None = None
    faults: list[KeyFault] = field(default_factory=list)


KeyRow = tuple[str, str, int, str, str]
"""A row of terminal_key: whose, what for, generation, key block, check value."""


@dataclass(slots=True)
class SigningOn:
    """A terminal that is to get new keys, as it is stored."""

    terminal_id: str
    newest_generation: int = 0
    """The highest it was ever sent."""
    _masters: dict[int, str] = field(default_factory=dict)

    def add(self, generation: int, master: str | None) -> None:
        """One of its keys; as a block where it is a master key."""
        self.newest_generation = max(self.newest_generation, generation)
        if master is not None:
            self._masters[generation] = master

    def tmk(self, hsm: Hsm) -> Secret | None:
        """Its newest master key; None where none was ever loaded.

        Raises:
            VaultError: it was wrapped under another LMK, for another terminal, or altered.
        """
        if not self._masters:
            return None
        generation = max(self._masters)
        return hsm.unwrap(self._masters[generation], key_name("tmk", self.terminal_id, generation))


Dated = dict[str, tuple[tuple[Life, ...], tuple[EarnRule, ...]]]
"""By the code of a programme: how long points are good, the newest first, and its earn rules."""
Kept = dict[int | None, tuple[Programme, ...]]
"""By the merchant whose own they are, None for those that are nobody's but the keeper's."""


class NoEstateError(Exception):
    """The database has no estate: there is nobody to serve."""


def read_shard_count(connection: Connection) -> int:
    """Over how many shards cards and terminals are spread, once there are any."""
    row = connection.execute(SQL["shard_count"]).fetchone()
    assert row is not None, "it was settled with the first estate"
    count: int = row[0]
    return count


def read_book(connection: Connection, hsm: Hsm) -> Book:
    """Everything the poster needs of the estate, keys unwrapped into their types.

    A key that cannot be used is left out and named in `key_faults`.

    Raises:
        NoEstateError: no estate was ever loaded.
        VaultError: no key opens at all: they were wrapped under another LMK.
    """
    book = read_estate(connection)
    keys = _keys(connection.execute(SQL["terminal_keys"] + NEWEST_FIRST), hsm)
    book.zone_keys, zone_faults = _zone_keys(connection.execute(SQL["zone_keys"]), hsm)
    faults = tuple(fault for terminal in keys.values() for fault in terminal.faults)
    if faults and not any(one.key_sets or one.device for one in keys.values()):
        msg = f"no stored key can be used: {faults[0]}"
        raise VaultError(msg)
    book.terminals = {
        row[0]: _terminal(row, book.merchants, book.shard_count, keys.get(row[0], TerminalKeys()))
        for row in connection.execute(SQL["terminals"])
    }
    book.opens = hsm.open_secret
    book.key_faults = faults + zone_faults
    return book


def read_estate(connection: Connection) -> Book:
    """The same without terminals and without any key: what a decision needs beside its terminal.

    Raises:
        NoEstateError: no estate was ever loaded.
    """
    row = connection.execute(SQL["shard_count"]).fetchone()
    if row is None:
        raise NoEstateError("the database holds no estate. Next: posswitch up --estate demo")
    version = estate_version(connection)
    return Book(
        shard_count=row[0],
        issuers={one.id: one for one in read_issuers(connection)},
        merchants={one.id: one for one in read_merchants(connection)},
        terminals={},
        accounts=read_accounts(connection),
        batches={one.id: one for one in read_batches(connection)},
        parts={one.id: one for one in read_parts(connection)},
        alliances=read_alliances(connection),
        prices=read_prices(connection),
        stopped_members=frozenset(read_stopped_members(connection)),
        rules=read_rules(connection),
        version=version,
    )


def read_places(connection: Connection, book: Book) -> dict[str, Terminal]:
    """All terminals by their ids, with where they stand and without their keys."""
    return {
        row[0]: _terminal(row, book.merchants, book.shard_count, TerminalKeys())
        for row in connection.execute(SQL["terminals"])
    }


def read_issuers(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[Issuer]:
    """All of them, or these."""
    dated, others = _dated(connection), _other_programmes(connection, 0)
    for row in _rows(connection, SQL["issuers"], "WHERE i.id = any(%s)", ids):
        yield _issuer(row, others.get(row[0], {}), dated)


def read_alliances(connection: Connection) -> tuple[Alliance, ...]:
    """All of them that have a programme, or anybody in them."""
    members = connection.execute(SQL["alliance_members"]).fetchall()
    programmes = _other_programmes(connection, 1)
    return tuple(
        Alliance(
            id=number,
            programmes=tuple(chain.from_iterable(programmes.get(number, {}).values())),
            issuers=by_number(_members(members, number, 1)),
            merchants=by_number(_members(members, number, 2)),
        )
        for number in sorted(programmes.keys() | {row[0] for row in members})
    )


def read_prices(connection: Connection) -> Prices:
    """What points of each programme pay, the newest price first."""
    found: dict[str, tuple[Price, ...]] = {}
    for programme, *price in connection.execute(SQL["points_prices"]):
        found[programme] = (*found.get(programme, ()), Price(*price))
    return found


def read_stopped_members(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[int]:
    """All members who are frozen or leave, or which of these do."""
    for (number,) in _rows(connection, SQL["stopped_members"], "AND id = any(%s)", ids):
        yield number


def _other_programmes(connection: Connection, keeper: int) -> dict[int, Kept]:
    """By who keeps them, of whom the number stands in that column."""
    found: dict[int, Kept] = {}
    dated = _dated(connection)
    for row in connection.execute(SQL["other_programmes"]):
        programme = _programme(row[3:], dated)
        if row[keeper] is not None and programme is not None:
            kept, merchant = found.setdefault(row[keeper], {}), row[2]
            kept[merchant] = (*kept.get(merchant, ()), programme)
    return found


def _dated(connection: Connection) -> Dated:
    found: Dated = {}
    for programme, since, life, *more in connection.execute(SQL["points_lives"]):
        lives, rules = found.get(programme, ((), ()))
        found[programme] = ((*lives, Life(since, LotLife(life), *more)), rules)
    for programme, *row in connection.execute(SQL["earn_rules"]):
        lives, rules = found.get(programme, ((), ()))
        found[programme] = (lives, (*rules, _earn_rule(*row)))
    return found


def _earn_rule(code: str, since: dt.date, until: dt.date | None, *row: Any) -> EarnRule:
    priority, *facets, first, last, low, high, times, per, bonus, most, of_day, of_month = row
    merchants, stores, categories, goods, products, weekdays = map(frozenset, facets)
    return EarnRule(
        code=code,
        since=since,
        until=until,
        priority=priority,
        merchants=merchants,
        stores=stores,
        categories=categories,
        goods=goods,
        products=products,
        weekdays=weekdays,
        time_from=first,
        time_until=last,
        amount_min_minor=low,
        amount_max_minor=high,
        times=times,
        per=per,
        bonus=bonus,
        points_max=most,
        points_max_day=of_day,
        points_max_month=of_month,
    )


def _members(rows: Iterable[tuple[Any, ...]], alliance: int, column: int) -> Iterator[Member]:
    for row in rows:
        if row[0] == alliance and row[column] is not None:
            yield Member(row[column], *row[3:])


def read_merchants(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[Merchant]:
    """All of them, or these."""
    return map(_merchant, _rows(connection, SQL["merchants"], "WHERE m.id = any(%s)", ids))


def read_batches(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[CardBatch]:
    """All card batches, or these."""
    return map(_card_batch, _rows(connection, SQL["card_batches"], "WHERE b.id = any(%s)", ids))


def read_parts(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[CardPart]:
    """Parts of all card batches, or these."""
    return map(_card_part, _rows(connection, SQL["card_parts"], "WHERE p.id = any(%s)", ids))


def read_accounts(
    connection: Connection,
    *,
    issuers: Sequence[int] | None = None,
    merchants: Sequence[int] | None = None,
) -> dict[AccountName, int]:
    """House accounts: all of them, or those of these issuers or of these merchants."""
    which, ids = ("WHERE issuer_id = any(%s)", issuers)
    if merchants is not None:
        which, ids = ("WHERE merchant_id = any(%s)", merchants)
    rows = _rows(connection, SQL["house_accounts"], which, ids)
    return {
        (Chart(chart), unit, issuer, merchant): number
        for chart, unit, issuer, merchant, number in rows
    }


def read_terminals(
    connection: Connection, names: Sequence[str], book: Book, hsm: Hsm
) -> Iterator[Terminal]:
    """These terminals, of merchants that the book has, with their keys."""
    key_rows = connection.execute(
        SQL["terminal_keys"] + "\nAND k.terminal_id = any(%s)" + NEWEST_FIRST, (list(names),)
    )
    keys = _keys(key_rows, hsm)
    rows = _rows(connection, SQL["terminals"], "WHERE t.terminal_id = any(%s)", names)
    for row in rows:
        yield _terminal(row, book.merchants, book.shard_count, keys.get(row[0], TerminalKeys()))


def _rows(
    connection: Connection,
    statement: LiteralString,
    which: LiteralString,
    keys: Sequence[int] | Sequence[str] | None,
) -> Iterable[tuple[Any, ...]]:
    if keys is None:
        return connection.execute(statement)
    return connection.execute(f"{statement}\n{which}", (list(keys),))


def key_set(keys: DeliveredKeys, generation: int, hsm: Hsm) -> KeySet:
    """Working keys ready for use, each in its type."""
    return KeySet(
        generation=generation,
        mak=keys.mak,
        pin_reader=PinBlockReader(keys.pik, hsm.ciphers),
        track_cipher=TrackCipher(keys.tdk) if keys.tdk is not None else None,
    )


def add_keys(connection: Connection, rows: Sequence[KeyRow]) -> None:
    """Store keys just minted, beside all others."""
    connection.execute(SQL["add_keys"], [list(column) for column in zip(*rows, strict=True)])


def drop_keys(connection: Connection, kept: Mapping[str, tuple[int, int]]) -> None:
    """Drop every set of working keys of these terminals but two generations of each."""
    newest, in_use = zip(*kept.values(), strict=True)
    connection.execute(SQL["drop_keys"], (list(kept), list(newest), list(in_use)))


def working_keys(
    terminal_id: str, generation: int, algorithm: MacAlgorithm, keys: DeliveredKeys
) -> Iterable[tuple[KeyName, Secret]]:
    """The keys of one sign-on with the names under which they are stored."""
    for purpose, key in (("pik", keys.pik), ("mak", keys.mak), ("tdk", keys.tdk)):
        if key is not None:
            yield key_name(purpose, terminal_id, generation, algorithm), key


def key_row(hsm: Hsm, name: KeyName, key: Secret) -> KeyRow:
    """A key as it is stored."""
    check = check_value_of(key, name.algorithm_of(len(key)))
    return name.owner, name.purpose, name.generation, hsm.wrap(key, name), check


def store_proofs(connection: Connection, proved: Mapping[str, int]) -> None:
    """Remember that terminals hold these key sets: older ones are not loaded again."""
    with connection.transaction():
        connection.execute(SQL["lock_terminals"], (list(proved),))
        connection.execute(SQL["confirm_generations"], (list(proved), list(proved.values())))


def note_sign_ons(connection: Connection, serials: Mapping[str, str | None]) -> dict[str, str]:
    """Keep what terminals say of their hardware; gives the batch that each is to use."""
    told = {name: serial for name, serial in serials.items() if serial is not None}
    epochs = dict(connection.execute(SQL["lock_terminals"], (list(serials),)).fetchall())
    if told:
        connection.execute(SQL["note_serials"], (list(told), list(told.values())))
    return epochs


def read_signing_on(connection: Connection, names: Sequence[str]) -> dict[str, SigningOn]:
    """What these terminals are given new keys by."""
    found = {name: SigningOn(name) for name in names}
    for name, generation, master in connection.execute(SQL["signing_on"], (list(names),)):
        found[name].add(generation, master)
    return found


def read_tmk(connection: Connection, hsm: Hsm, terminal_id: str) -> Secret | None:
    """The terminal's master key; None where none was ever loaded.

    Raises:
        VaultError: it was wrapped under another LMK, for another terminal, or altered.
    """
    return read_signing_on(connection, [terminal_id])[terminal_id].tmk(hsm)


def key_name(
    purpose: str, terminal_id: str, generation: int, algorithm: MacAlgorithm | None = None
) -> KeyName:
    """What a stored key is bound to: one terminal's key does not unwrap in another's row."""
    return KeyName(
        purpose=purpose,
        owner=terminal_id,
        generation=generation,
        mac_algorithm=algorithm if purpose in {"mak", "ik"} else None,
    )


def _issuer(row: tuple[Any, ...], others: Kept, dated: Dated) -> Issuer:
    number, institution, prefix, currency, amount_max, balance_max, tries, is_active, *rest = row
    hold_days, hold_over_percent, *programme = rest
    return Issuer(
        id=number,
        institution_id=institution,
        pan_prefix=prefix,
        currency=currency,
        amount_minor_max=amount_max,
        balance_minor_max=balance_max,
        pin_tries_max=tries,
        is_active=is_active,
        programme=_programme(programme, dated),
        others=others.get(None, ()),
        of_merchants={number: own for number, own in others.items() if number is not None},
        hold_days=hold_days,
        hold_over_percent=hold_over_percent,
    )


def _programme(row: Sequence[Any], dated: Dated) -> Programme | None:
    code, earn_points, earn_per_minor, redemption_min, debt_is_allowed = row
    if code is None:
        return None
    lives, rules = dated.get(code, ((), ()))
    return Programme(
        code=code,
        unit=POINTS_PREFIX + code,
        earn_points=earn_points,
        earn_per_minor=earn_per_minor,
        redemption_points_min=redemption_min,
        lives=lives,
        rules=rules,
        debt_is_allowed=debt_is_allowed,
    )


def _card_batch(row: tuple[Any, ...]) -> CardBatch:
    number, issuer, state, face, *terms, merchants, stores = row
    return CardBatch(
        id=number,
        issuer_id=issuer,
        state=BatchState(state),
        terms=_terms(*terms),
        face_minor=face,
        merchants=frozenset(merchants),
        stores=frozenset(stores),
    )


def _terms(*row: Any) -> Terms:
    product, version, form, face_min, face_max, valid_from, valid_to, valid_days, *rest = row
    is_reloadable, pin, activation, amount_max, balance_max, regifts_max, *of_voucher = rest
    kind, entries, buys, may_load, sale_min, grace_days, goods, regions, *of_hold = of_voucher
    hold_days, hold_over_percent = of_hold
    return Terms(
        product_id=product,
        version=version,
        form=Form(form),
        face_minor_min=face_min,
        face_minor_max=face_max,
        valid_from=valid_from,
        valid_to=valid_to,
        valid_days=valid_days,
        is_reloadable=is_reloadable,
        pin=PinPolicy(pin),
        activation=frozenset(map(Activation, activation)),
        amount_minor_max=amount_max,
        balance_minor_max=balance_max,
        regifts_max=regifts_max,
        kind=ProductKind(kind),
        entries=entries,
        buys=buys,
        may_load=may_load,
        sale_minor_min=sale_min,
        grace_days=grace_days,
        goods=frozenset(goods),
        regions=frozenset(regions),
        hold_days=hold_days,
        hold_over_percent=hold_over_percent,
    )


def _card_part(row: tuple[Any, ...]) -> CardPart:
    number, batch, state = row
    return CardPart(id=number, batch_id=batch, state=BatchState(state))


def _merchant(row: tuple[Any, ...]) -> Merchant:
    number, merchant_id, is_active, accepts, category, city = row
    return Merchant(
        id=number,
        merchant_id=merchant_id,
        is_active=is_active,
        accepts=frozenset(accepts),
        category=category,
        city=city,
    )


def _terminal(
    row: tuple[Any, ...], merchants: dict[int, Merchant], shard_count: int, keys: TerminalKeys
) -> Terminal:
    terminal_id, merchant, is_active, epoch, algorithm, proved, family, store_id, region = row
    return Terminal(
        terminal_id=terminal_id,
        merchant=merchants[merchant],
        is_active=is_active,
        epoch=epoch,
        mac_algorithm=MacAlgorithm(algorithm),
        family=TerminalFamily(family),
        home=home_of(terminal_id, shard_count),
        store_id=store_id,
        region=region,
        key_sets=tuple(one for one in keys.key_sets if one.generation >= proved),
        device=keys.device,
        device_key=keys.device_key,
    )


def _keys(rows: Iterable[tuple[Any, ...]], hsm: Hsm) -> dict[str, TerminalKeys]:
    """Every terminal's keys, opened. Rows come by terminal, the newest generation first."""
    return {
        terminal_id: _keys_of(terminal_id, group, hsm)
        for terminal_id, group in groupby(rows, key=itemgetter(0))
    }


def _keys_of(terminal_id: str, rows: Iterable[tuple[Any, ...]], hsm: Hsm) -> TerminalKeys:
    """A set with one key that cannot be used is no set, nor is one with a key missing."""
    keys = TerminalKeys()
    found: dict[int, dict[str, Secret]] = {}
    broken: set[int] = set()
    idle: list[KeyFault] = []
    for _, purpose, generation, block, algorithm in rows:
        name = key_name(purpose, terminal_id, generation, MacAlgorithm(algorithm))
        if is_idle(purpose, algorithm):
            idle.append(_fault(name, idle_fault(purpose, algorithm)))
            continue
        try:
            key = hsm.unwrap(block, name)
            if purpose != "ik":
                found.setdefault(generation, {})[purpose] = key
            elif keys.device is None:
                keys.device = _device(key, header_of(block), hsm)
                keys.device_key = MacKey(generation, key)
        except UNUSABLE as error:
            keys.faults.append(_fault(name, str(error)))
            broken.add(generation)
    if keys.device is None and not keys.faults:
        keys.faults += idle
    for generation, one in found.items():
        missing = {"pik", "mak"} - one.keys()
        if missing and generation not in broken:
            name = key_name(min(missing), terminal_id, generation)
            keys.faults.append(_fault(name, "it is missing"))
        if not missing and generation not in broken:
            delivered = DeliveredKeys(pik=one["pik"], mak=one["mak"], tdk=one.get("tdk"))
            keys.key_sets.append(key_set(delivered, generation, hsm))
    return keys


def _device(key: Secret, header: Header, hsm: Hsm) -> Device:
    is_tdes = header.algorithm == "T"
    return device_of(key, key_id_of(header) or "", hsm.ciphers, is_tdes=is_tdes)


def _zone_keys(
    rows: Iterable[tuple[str, str]], hsm: Hsm
) -> tuple[dict[str, Secret | None], tuple[KeyFault, ...]]:
    """Zone keys by name; None for one that cannot be used, whose fault is told."""
    zones: dict[str, Secret | None] = {}
    faults = []
    for zone, block in rows:
        name = KeyName(purpose="zpk", owner=zone, generation=0)
        try:
            zones[zone] = hsm.unwrap(block, name)
        except UNUSABLE as error:
            zones[zone] = None
            faults.append(_fault(name, str(error)))
    return zones, tuple(faults)


def _fault(name: KeyName, why: str) -> KeyFault:
    return KeyFault(owner=name.owner, purpose=name.purpose, generation=name.generation, why=why)
