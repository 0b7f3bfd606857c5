"""Cards of another system, with what they have: what is owed on them is the same before and after.

They come as a card batch of their own, in whose place nothing works until another person opens it.
A job makes the cards first, then puts on each what it had, by the poster, under a key that is the
card's: so whoever is killed goes on, and nothing is put on twice. Only when the cards hold what the
other system owed, to the last unit, the batch waits to be opened; with that they are in use.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from host.hsm.interface import Hsm
from host.model.instruments import BatchState
from host.model.money import HOUSE_CURRENCY, Money
from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind
from host.model.secrets import Pan, Secret
from host.model.word import Word
from host.office.jobs import AtWork
from host.office.reading import Fault, Line, Wanted, number_problem, read_rows, refuse_faults
from host.office.refusals import LIABILITY, Refusal
from host.office.stock_refusals import FAULTS
from host.shards import shard_of
from host.stock import making
from host.stock.batches import chosen_numbers
from host.stock.making import Maker, card_id, read_part
from host.stock.numbers import Fault as NumberFault
from host.stock.numbers import LineFault, Range
from host.stock.refusals import StockRefusal, Why
from host.store import arrays
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.estate_versions import Followed, note_estate_change
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "cards_in.sql")
CARDS_MAX: Final = 20_000
"""Of one file: each is a posting of its own."""
CARDS_PER_STEP: Final = 200
_MONEY: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{2})?")
_POINTS: Final = re.compile(r"[0-9]{1,10}")


class Owed(NamedTuple):
    """What is owed on cards: minor units of money, and points."""

    minor: int
    points: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    file: int
    part: int
    by: str
    minor: int
    points: int


class LiabilityError(Exception):
    """What the cards hold is not what was owed on them."""


def _money_problem(cell: str) -> Word | None:
    if _MONEY.fullmatch(cell):
        return None
    return Word("no amount: digits, and two behind a point", "不是金额: 数字, 小数点后两位")


def _points_problem(cell: str) -> Word | None:
    return None if _POINTS.fullmatch(cell or "0") else Word("no whole points", "不是整数积分")


CARD_COLUMNS: Final = (
    Wanted(name="card_number", problem=number_problem),
    Wanted(name="balance", problem=_money_problem),
    Wanted(name="points", problem=_points_problem, may_be_left_out=True),
)


def read_cards(content: Secret) -> list[Line]:
    """The rows of a file of cards.

    Raises:
        Refusal: the first faults of its lines.
    """
    lines = read_rows(content, CARD_COLUMNS, unique="card_number")
    if len(lines) > CARDS_MAX:
        problem = Word(
            f"more than {CARDS_MAX} cards: send several files",
            f"超过 {CARDS_MAX} 张卡: 请分成几个文件",
        )
        refuse_faults([Fault(0, "", problem)])
    return lines


def owed_on(line: Line) -> Owed:
    """What a card of the file has."""
    whole, _, part = line.cells["balance"].partition(".")
    return Owed(int(whole) * 100 + int(part or 0), int(line.cells.get("points") or 0))


def check_cards(connection: Connection, hsm: Hsm, product: int, lines: Sequence[Line]) -> list[Pan]:
    """Their numbers, where each may be a card of the product and hold what it has.

    Raises:
        Refusal: the first faults of its lines.
        StockRefusal: there is no such product.
    """
    row = connection.execute(SQL["terms_of_product"], (product,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, product=product)
    most, has_points, currency = row
    if currency != HOUSE_CURRENCY:
        problem = Word(f"its issuer counts in {currency}", f"发卡方的币种是 {currency}")
        refuse_faults([Fault(0, "balance", problem)])
    faults = [fault for line in lines if (fault := _too_much(line, most, has_points=has_points))]
    refuse_faults(faults)
    numbers = [line.cells["card_number"] for line in lines]
    try:
        return chosen_numbers(connection, hsm, product, numbers)
    except StockRefusal as refusal:
        wrong: Sequence[LineFault] = refusal.facts.get("faults", ())  # type: ignore[assignment]
        voided = _voided(connection, hsm, lines, wrong)
        refuse_faults(
            [
                Fault(lines[at].number, "card_number", voided.get(at) or FAULTS[one.fault])
                for one in wrong
                for at in (one.line - 1,)
            ]
        )
        raise


def _voided(
    connection: Connection, hsm: Hsm, lines: Sequence[Line], wrong: Sequence[LineFault]
) -> dict[int, Word]:
    """Of lines whose number is taken by a card of a voided batch, by their places: what to do.

    A number is one card's for ever: whatever was posted and told of it names that card.
    """
    taken = [one.line - 1 for one in wrong if one.fault is NumberFault.IN_USE]
    hashes = {hsm.pan_hash(Pan(lines[at].cells["card_number"])): at for at in taken}
    shard_count = read_shard_count(connection)
    shards = [shard_of(pan_hash, shard_count) for pan_hash in hashes]
    rows = connection.execute(
        SQL["voided_of_numbers"], (arrays.smallints(shards), arrays.blobs(hashes))
    )
    return {hashes[bytes(pan_hash)]: _taken_by(code) for pan_hash, code in rows}


def _taken_by(code: str) -> Word:
    return Word(
        f"in use by card batch {code}, which was voided, and a number is one card's for ever: put "
        "a new number of the issuer in this line, and give its holder a card of that",
        f"已被卡批次 {code} 使用(该批次已废弃), 一个号码永远只属一张卡: 请在此行换用发卡方的新号码"
        ", 并给持卡人换发该号码的卡",
    )


def check_liability(lines: Sequence[Line], told: Owed) -> None:
    """Return where the file owes what the other system says that it owes.

    Raises:
        Refusal: they differ.
    """
    each = [owed_on(line) for line in lines]
    found = Owed(sum(one.minor for one in each), sum(one.points for one in each))
    if found == told:
        return
    raise Refusal(
        LIABILITY,
        field="liability_minor" if found.minor != told.minor else "liability_points",
        before=_words(told),
        after=_words(found),
        difference=_words(Owed(found.minor - told.minor, found.points - told.points)),
    )


def take_cards(at_work: AtWork, content: Secret, plan: Plan) -> int:
    """The next part of the job: the cards; what each of them had; and that it is all there."""
    lines, done = read_cards(content), at_work.job.done
    if done == 0:
        _make(at_work, lines, plan)
        return 1
    begin = done - 1
    _put_on(at_work, lines[begin : begin + CARDS_PER_STEP], begin, plan)
    end = min(begin + CARDS_PER_STEP, len(lines))
    if end == len(lines):
        _finish(at_work.connection, plan)
    return end + 1


def _make(at_work: AtWork, lines: Sequence[Line], plan: Plan) -> None:
    connection, part = at_work.connection, read_part(at_work.connection, plan.part)
    maker = Maker(at_work.hsm, Range(part.prefix, ()), read_shard_count(connection))
    ids = [card_id(part.id, place) for place in range(1, len(lines) + 1)]
    pans = [Pan(line.cells["card_number"]) for line in lines]
    if part.batch_state == BatchState.VOIDED:
        raise LiabilityError("its batch was voided meanwhile; nothing of it can be used")
    if making.store(connection, part, [maker.cards(ids, pans)]) != len(lines):
        problem = Word("somebody has one of them meanwhile", "其间已有号码被他人使用")
        refuse_faults([Fault(0, "card_number", problem)])
    connection.execute(SQL["brings_value"], (part.id,))
    connection.execute(SQL["batch_is_generating"], (part.batch,))
    note_estate_change(connection, Followed.CARD_BATCH, part.batch)
    note_estate_change(connection, Followed.CARD_PART, part.id)


def _put_on(at_work: AtWork, lines: Sequence[Line], begin: int, plan: Plan) -> None:
    ids = [card_id(plan.part, begin + at) for at in range(1, len(lines) + 1)]
    rows = at_work.connection.execute(SQL["cards_at"], (ids,)).fetchall()
    places = {card: CardAt(shard, bytes(pan_hash)) for card, shard, pan_hash in rows}
    for line, card in zip(lines, ids, strict=True):
        owed = owed_on(line)
        if not any(owed):
            continue
        answer = at_work.ask(
            OwnRequest(
                kind=Kind.CARD_OPENING,
                key=OwnKey(Origin.OFFICE, plan.by, "card.import", str(card)),
                card=places[card],
                amount=Money(owed.minor, HOUSE_CURRENCY),
                points=owed.points,
            )
        )
        if not answer.is_approved:
            raise LiabilityError(
                f"line {line.number}: {answer.reason}; void the batch, and what "
                "was put on its cards goes back; its numbers are taken from then on"
            )


def _finish(connection: Connection, plan: Plan) -> None:
    row = connection.execute(SQL["part_holds"], {"part": plan.part}).fetchone()
    assert row is not None, "a sum is a row"
    if row != (plan.minor, plan.points):
        before, after = _words(Owed(plan.minor, plan.points)), _words(Owed(*row))
        raise LiabilityError(f"owed before {before.en}, after {after.en}")
    part = read_part(connection, plan.part)
    making.note_made(connection, part, part.cards)


def _too_much(line: Line, most: int, *, has_points: bool) -> Fault | None:
    owed = owed_on(line)
    if owed.minor > most:
        amount = Money(most, HOUSE_CURRENCY)
        return Fault(line.number, "balance", Word(f"more than {amount}", f"超过 {amount}"))
    if owed.points and not has_points:
        problem = Word("its issuer has no programme of points", "发卡方没有积分计划")
        return Fault(line.number, "points", problem)
    return None


def _words(owed: Owed) -> Word:
    money = Money(owed.minor, HOUSE_CURRENCY)
    return Word(f"{money}, {owed.points:,} points", f"{money}, {owed.points:,} 积分")


def told_of(owed: Owed) -> dict[str, Any]:
    """What is shown of it, before and after."""
    return {"liability_minor": owed.minor, "liability_points": owed.points}
