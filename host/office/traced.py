"""What anybody is told of a card or a voucher by its number: that it is real, and where it went.

Nobody signs in for it, so whoever asks is counted, by where they ask from, before anything is
looked for; whatever is wrong (no such number, one that is none, too many) is one text after the
same work. Told are steps, dates and cities: no owner, no store, no amount. Each step that moved
value has the number of the seal that it is under, and whether a signed checkpoint is behind that.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.hsm.voucher_codes import hash_of_code
from host.model.office import Page, Show
from host.model.requests import Kind
from host.model.secrets import Pan, Secret
from host.model.voucher_codes import read_code
from host.office.card_walks import FROM_THE_START
from host.office.card_walks import SQL as WALKS
from host.office.office import Office
from host.office.records import DONE
from host.office.refusals import UNTRACED, Refusal
from host.office.view import View
from host.stock.lives import SQL as LIVES
from host.stock.tries import card_of_hash
from host.store.book import read_shard_count
from host.store.card_view import Page as Newest
from host.store.card_view import movements_of
from host.store.connecting import Connection
from host.store.heads import Head
from host.store.office_settings import TRACES_A_MINUTE_MAX, value_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "traced.sql")
MINUTE: Final = dt.timedelta(minutes=1)
STEPS_MAX: Final = 100
"""The newest; who asks for a card number or code of its own wants no more."""
NOBODYS_NUMBER: Final = Pan("0" * 16)
USED: Final = "used"
REDEEMED: Final = "redeemed"
STEPS: Final[Mapping[str, str]] = {
    Kind.CARD_ACTIVATION: "issued",
    Kind.CARD_BOUND_ACTIVATION: "issued",
    Kind.CARD_OPENING: "issued",
    Kind.CASH_LOAD: "loaded",
    Kind.CASH_LOAD_CONFIRM: "loaded",
    Kind.LOAD_BY_PHONE: "loaded",
    Kind.CASH_TAKEN: "loaded",
    Kind.PORT_LOAD: "loaded",
    Kind.PHONE_LOAD_VOID: "given_back",
    Kind.PURCHASE: "redeemed",
    Kind.POINTS_REDEMPTION: "redeemed",
    Kind.COMBINED_PURCHASE: "redeemed",
    Kind.COMPLETION: "redeemed",
    Kind.COMPLETION_ADVICE: "redeemed",
    Kind.COMPLETION_VOID: "given_back",
    Kind.VOUCHER_REDEMPTION: "redeemed",
    Kind.LOAD_BY_CODE: "redeemed",
    Kind.VOUCHER_VOID: "given_back",
    Kind.MERGE_OUT: "moved",
    Kind.MERGE_IN: "moved",
    Kind.REFUND: "given_back",
    Kind.VOID: "given_back",
    Kind.REVERSAL: "given_back",
    Kind.GIFT_SEND: "given",
    Kind.GIFT_CLAIM: "claimed",
    Kind.GIFT_RETURN: "given_back",
    Kind.MOVE_OUT: "moved",
    Kind.MOVE_IN: "moved",
    Kind.CARD_VOID: "written_off",
    Kind.BREAKAGE: "written_off",
    Kind.POINTS_EXPIRY: "written_off",
}
"""What a kind that moved value is to whoever holds the number; any other has used it."""
DONE_BY_HAND: Final[Mapping[str, str]] = {
    "card.void": "written_off",
    "card.replace": "replaced",
    "voucher.void": "written_off",
}
"""The same of what people did to it: a lost code is dead once another was given for it."""
MADE: Final[Mapping[str, str]] = {"opened": "issued", "sold": "claimed", "returned": "given_back"}
"""And of how it came to be. Where it stands in the chain of changes no seal has a number."""


class _Step(NamedTuple):
    """One step, as it is told."""

    at: dt.datetime
    step: str
    date: dt.date
    under: "_Under"
    number: int = 0
    """Of what moved something: of one moment, what came later has a higher one."""


class _Under(NamedTuple):
    """Where a posting was, and what it is under."""

    city: str = ""
    seal: str = ""
    proof: str = "noted"


def show_to_anybody(office: Office, connection: Connection, view: View, asked: Show) -> Page:
    """The newest steps of a number. `connection` has no transaction open.

    Raises:
        Refusal: nothing is told.
    """
    with connection.transaction():
        is_beyond = is_over(office, connection, view.id, asked.source)
        card = _card(office.hsm, connection, asked)
    if is_beyond or not card:
        raise Refusal(UNTRACED)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        steps = [
            *_moved(connection, card),
            *_used(connection, card),
            *_made(connection, card),
            *_by_hand(connection, card),
        ]
    steps.sort(key=lambda one: (one.at, one.number), reverse=True)
    rows = [[one.step, one.date.isoformat(), *one.under] for one in steps[:STEPS_MAX]]
    return Page(columns=[one.name for one in view.columns], rows=rows)


def is_over(office: Office, connection: Connection, view: str, source: str) -> bool:
    """Count a look, whatever comes of it; whether it is one too many from there."""
    now = office.clock()
    told = {"by": [f"{view} {source}"], "now": now, "since": now - MINUTE}
    [(_by, looks)] = connection.execute(LIVES["count_tries"], told).fetchall()
    return bool(looks > value_of(connection, TRACES_A_MINUTE_MAX))


def _card(hsm: Hsm, connection: Connection, asked: Show) -> int:
    """Its number in the book; 0: none. What is no number is looked for, too."""
    typed = asked.filters.get("number", Secret(b"")).reveal().decode("utf-8", "replace")
    code = read_code(typed)
    if code is not None:
        return card_of_hash(connection, hash_of_code(hsm, code)).id
    try:
        pan = Pan("".join(typed.split()))
    except ValueError:
        pan = NOBODYS_NUMBER
    return card_of_hash(connection, hsm.pan_hash(pan)).id


def _moved(connection: Connection, card: int) -> Iterator[_Step]:
    """What moved value, each under its seal."""
    moved = movements_of(connection, card, Newest(count=STEPS_MAX))
    shown = [one for one in moved.movements if one.changes]
    under = _under(connection, moved.shard, [one.number for one in shown])
    for one in shown:
        step = STEPS.get(one.kind, USED)
        sealed = under.get(one.number, _Under(proof="broken"))
        yield _Step(one.at, step, one.business_date, sealed, one.number)


def _used(connection: Connection, card: int) -> Iterator[_Step]:
    """What used a voucher, which has no purse that it would have moved."""
    told = {"card": card, "shards": read_shard_count(connection), "limit": STEPS_MAX}
    rows = connection.execute(SQL["uses_of_voucher"], told).fetchall()
    for shard, same in groupby(sorted(rows), key=itemgetter(0)):
        uses = list(same)
        under = _under(connection, shard, [row[1] for row in uses])
        for _shard, number, kind, date, at, is_again in uses:
            step = REDEEMED if is_again else STEPS.get(kind, USED)
            yield _Step(at, step, date, under.get(number, _Under(proof="broken")), number)


def _under(connection: Connection, shard: int, numbers: Sequence[int]) -> Mapping[int, _Under]:
    told = {"shard": shard, "numbers": list(numbers)}
    end, digest = _signed_end(connection, shard)
    found = {}
    for number, city, seal, is_whole, own in connection.execute(SQL["sealed_where"], told):
        is_as_signed = seal < end or (seal == end and bytes(own or b"") == digest)
        proof = "signed" if is_as_signed else "sealed" if seal > end else "broken"
        found[number] = _Under(city, f"{shard}/{seal}", proof if is_whole else "broken")
    return found


def _signed_end(connection: Connection, shard: int) -> tuple[int, bytes]:
    """The seal of a shard that the newest checkpoint names; 0: none."""
    row = connection.execute(SQL["newest_head"]).fetchone()
    for kind, of, seal, digest in Head(*row).ends if row is not None else ():
        if (kind, of) == ("seal", shard):
            return seal, digest
    return 0, b""


def _made(connection: Connection, card: int) -> Iterator[_Step]:
    rows = connection.execute(WALKS["milestones"], {"card": card}).fetchall()
    for at, event, _by, _source in rows:
        if event in MADE:
            yield _Step(at, MADE[event], at.astimezone().date(), _Under())


def _by_hand(connection: Connection, card: int) -> Iterator[_Step]:
    asked = {"card": f"{card}", "before": FROM_THE_START, "limit": STEPS_MAX}
    for _id, at, action, _login, _as, outcome in connection.execute(WALKS["lines"], asked):
        if action in DONE_BY_HAND and outcome == DONE:
            yield _Step(at, DONE_BY_HAND[action], at.astimezone().date(), _Under())
