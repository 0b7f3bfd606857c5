"""Vouchers as people take them at a counter, hand them to members, and give them another code.

What cannot be is said at once where it is known, by the tables that tills are told from; of what is
posted, the poster asks again, and has the last word. A code that somebody types is counted before
anything is looked for.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.hsm.voucher_codes import hash_of_code, seal_code
from host.model.instruments import BatchState
from host.model.own import CardAt, Counter
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.voucher_codes import VoucherCode, read_code
from host.model.vouchers import NO_CODE_USE, VoucherState
from host.rules.guesses import WRONG_MAX, WRONG_MINUTES
from host.rules.states import Answers, StateError, Use, after
from host.rules.voucher_states import VOUCHER_STATES, told_of_batch, told_of_voucher
from host.shards import shard_of
from host.stock.batches import By
from host.stock.days import today_of
from host.stock.lives import SQL as LIVES
from host.stock.refusals import StockRefusal, Why
from host.stock.voucher_codes import new_voucher_codes
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "vouchers.sql")


class Found(NamedTuple):
    """A voucher by its code."""

    id: int
    shard: int
    pan_hash: bytes
    masked: str
    status: str
    sale: str
    member: int
    batch_state: str
    part_state: str
    batch: int
    claims_max: int | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    kind: str
    currency: str
    merchants: list[int]
    stores: list[int]
    name: str
    face_minor: int
    is_permitted: bool
    """Whether the department of whom an enterprise has given it to may redeem what it gives."""
    is_reviewed: bool
    """Whether somebody else looks at it when it is redeemed by hand."""
    issuer: int

    @property
    def at(self) -> CardAt:
        """Where it lives."""
        return CardAt(self.shard, bytes(self.pan_hash))

    @property
    def told(self) -> Answers:
        """What is told of it as it stands."""
        states = (BatchState(self.batch_state), BatchState(self.part_state))
        of_batch = told_of_batch(*states)
        return of_batch if any(of_batch) else told_of_voucher(self.status, self.sale)


def voucher_of_code(
    connection: Connection, hsm: Hsm, code: Secret, by: str, now: dt.datetime
) -> Found:
    """What somebody has scanned or typed. What was counted has to be kept, also of a refusal.

    Raises:
        StockRefusal: no voucher has it, or too many were none lately; nothing is told then.
    """
    counted = [f"voucher {by}"]
    told = {"by": counted, "now": now, "since": now - dt.timedelta(minutes=WRONG_MINUTES)}
    [(_by, tries)] = connection.execute(LIVES["count_tries"], told).fetchall()
    if tries > WRONG_MAX:
        raise StockRefusal(Why.TRIES, minutes=WRONG_MINUTES)
    read = read_code(code.reveal().decode("utf-8", "replace"))
    hashed = hsm.hash_secret(code, NO_CODE_USE) if read is None else hash_of_code(hsm, read)
    found = voucher_of_hash(
        connection, CardAt(shard_of(hashed, read_shard_count(connection)), hashed)
    )
    if found is None:
        raise StockRefusal(Why.NO_VOUCHER)
    connection.execute(LIVES["give_back_tries"], {"by": counted})
    return found


def voucher_of_hash(connection: Connection, at: CardAt) -> Found | None:
    """The voucher that lives there; None: there is none."""
    row = connection.execute(SQL["voucher_of_code"], (at.shard, at.pan_hash)).fetchone()
    return Found(*row) if row is not None else None


def counter_of(connection: Connection, store: int) -> Counter:
    """Where people of a store stand, which is there."""
    row = connection.execute(SQL["counter"], (store,)).fetchone()
    assert row is not None, "it is the subject"
    return Counter(*row)


def refuse_redemption(connection: Connection, found: Found, counter: Counter) -> None:
    """Why a voucher is not taken here, as far as that is known before it is posted.

    Raises:
        StockRefusal: when and where it was used is told of a store of the same merchant alone.
    """
    reason = found.told.to(Use.SPEND)
    if reason is Reason.VOUCHER_USED:
        raise StockRefusal(Why.USED, **_used(connection, found, counter))
    if reason is not None:
        raise StockRefusal(Why.VOUCHER, reason=reason.value)
    if not found.is_permitted:
        raise StockRefusal(Why.VOUCHER, reason=Reason.VOUCHER_NOT_THIS_HOLDER.value)
    is_elsewhere = found.merchants and counter.merchant not in found.merchants
    if is_elsewhere or (found.stores and counter.store not in found.stores):
        raise StockRefusal(Why.OTHER_STORE)


def refuse_load(found: Found, member: int, issuer: int) -> None:
    """Why a voucher does not go onto a card of this member and issuer, as far as is known before.

    Raises:
        StockRefusal: of what is used, ended or another's no more is told than of no code at all.
    """
    if found.told.to(Use.LOAD) is not None or found.member not in {0, member}:
        raise StockRefusal(Why.NO_VOUCHER)
    if found.issuer != issuer:
        raise StockRefusal(Why.VOUCHER, reason=Reason.VOUCHER_NOT_PERMITTED.value)


def load_refusal_of(reason: Reason) -> StockRefusal:
    """Where the poster does not put one onto a card."""
    if reason is Reason.AMOUNT_LIMIT:
        return StockRefusal(Why.CAP)
    if reason in {Reason.FUNCTION_NOT_SUPPORTED, Reason.VOUCHER_NOT_PERMITTED}:
        return StockRefusal(Why.VOUCHER, reason=reason.value)
    return StockRefusal(Why.NO_VOUCHER)


def refusal_of(reason: Reason) -> StockRefusal:
    """Where the poster says no: somebody else has used it meanwhile, or it is not taken here."""
    if reason is Reason.VOUCHER_USED:
        return StockRefusal(Why.USED)
    if reason is Reason.VOUCHER_NOT_THIS_STORE:
        return StockRefusal(Why.OTHER_STORE)
    return StockRefusal(Why.VOUCHER, reason=reason.value)


def _used(connection: Connection, found: Found, counter: Counter) -> dict[str, object]:
    row = connection.execute(SQL["newest_use"], (found.id,)).fetchone()
    if row is None:
        return {}
    at, merchant, _store, place = row
    told: dict[str, object] = {"used_at": f"{at.astimezone():%Y-%m-%d %H:%M}"}
    return {**told, "used_where": place} if merchant == counter.merchant else told


def claim_of_batch(connection: Connection, batch: int, member: int, count: int) -> list[int]:
    """Vouchers of an opened batch that nobody has; a member gets no more than one may.

    Raises:
        StockRefusal: the batch is not opened, they have as many, or so many are not left.
    """
    row = connection.execute(SQL["batch_to_claim"], (batch,)).fetchone()
    assert row is not None, "it is the subject"
    _number, state, claims_max = row
    reason = told_of_batch(BatchState(state), BatchState.OPENED).to(Use.BIND)
    if reason is not None:
        raise StockRefusal(Why.VOUCHER, reason=reason.value)
    refuse_more(connection, batch, claims_max, member, count)
    rows = connection.execute(SQL["unclaimed"], (batch, count)).fetchall()
    if len(rows) < count:
        raise StockRefusal(Why.ALL_CLAIMED)
    return [int(card) for card, _status in rows]


def claim_of_code(connection: Connection, found: Found, member: int, now: dt.datetime) -> int:
    """The voucher of a code, which nobody else has.

    Raises:
        StockRefusal: it stands so that it cannot be claimed, or they have as many as one may.
    """
    row = connection.execute(SQL["hold_voucher"], (found.id,)).fetchone()
    assert row is not None, "no voucher is taken out"
    found = found._replace(status=row[0], member=row[3])
    reason = found.told.to(Use.BIND)
    if reason is None and found.valid_to is not None and found.valid_to < today_of(connection, now):
        reason = Reason.EXPIRED
    if reason is not None:
        raise StockRefusal(Why.VOUCHER, reason=reason.value)
    if found.status != VoucherState.ISSUED or found.member:
        raise StockRefusal(Why.BOUND)
    refuse_more(connection, found.batch, found.claims_max, member, 1)
    return found.id


def refuse_more(
    connection: Connection, batch: int, claims_max: int | None, member: int, count: int
) -> None:
    """Whoever claims for them at the same time waits.

    Raises:
        StockRefusal: it is more of the batch than one may have.
    """
    connection.execute(SQL["hold_member"], (member,))
    row = connection.execute(SQL["claimed_of_batch"], (batch, member)).fetchone()
    assert row is not None, "a count is a row"
    if claims_max is not None and row[0] + count > claims_max:
        raise StockRefusal(Why.CLAIMS, claims_max=claims_max)


def add_claims(
    connection: Connection, cards: Sequence[int], member: int, channel: str, by: By
) -> None:
    """They are the member's from now on."""
    connection.execute(SQL["claim_vouchers"], (member, list(cards)))
    connection.execute(SQL["add_claim"], (list(cards), member, channel, by.at, by.who))


def give_code(connection: Connection, hsm: Hsm, card: int) -> VoucherCode:
    """A new code for a claimed voucher, on the shard where it lives: the old one finds nothing.

    Raises:
        StockRefusal: it is used up, voided, or nobody's.
    """
    row = connection.execute(SQL["hold_voucher"], (card,)).fetchone()
    assert row is not None, "it is the subject"
    status, shard = row[0], row[1]
    try:
        after(VOUCHER_STATES, "voucher", status, "voucher.reissue")
    except StateError as error:
        raise StockRefusal(Why.STATE, state=status) from error
    shards = read_shard_count(connection)
    while True:
        [code] = new_voucher_codes(1)
        hashed = hash_of_code(hsm, code)
        if shard_of(hashed, shards) == shard:
            break
    given = (hashed, code.masked, seal_code(hsm, code, card), card)
    connection.execute(SQL["give_code"], given)
    return code
