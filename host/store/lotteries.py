"""Lotteries in a batch: what is drawn from is held and read, what was drawn is put in.

Draws of one lottery wait for one another, whichever writers post them: the row in which its list
ends is locked before anything of it is read, and stays so until the batch is committed. A batch
without a draw, and without the undoing of one, asks nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import structlog

from host.book import Book
from host.hsm.vault import VaultError
from host.model.lottery import Content, LotteryState, Prize, PrizeKind
from host.model.money import POINTS_PREFIX
from host.model.requests import Kind
from host.model.secrets import Secret
from host.rules.dossier import Item
from host.rules.drawing import commitment_of, seed_of
from host.rules.lottery_list import Act, Entered, Entrant, Line, ListEnd, Lottery, Taken
from host.rules.state import Original, State
from host.store import arrays
from host.store.prepared import Rows
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "lotteries.sql")
LINE: Final = (
    arrays.smallints, arrays.bigints, arrays.integers, arrays.bigints, arrays.names,
    arrays.bigints, arrays.smallints, arrays.smallints, arrays.bigints, arrays.bigints,
    arrays.blobs,
)  # fmt: skip
TAKEN: Final = (arrays.integers, arrays.smallints, arrays.smallints)
LIST_END: Final = (arrays.integers, arrays.bigints, arrays.blobs)
ENTERED: Final = (arrays.integers, arrays.bigints, arrays.bigints, arrays.smallints)
CONTENT_COLUMNS: Final = 9
_LOG = structlog.get_logger(__name__)


def place_of_seed(lottery: int) -> str:
    """Where the house's part of its seed is sealed for."""
    return f"lottery/{lottery}"


def load_lotteries(items: Sequence[Item], state: State, book: Book) -> Reading:
    """Those that are drawn in the batch, and those whose draws it undoes."""
    codes = {code for item in items if (code := _named(item))}
    undone = [one for one in state.originals.values() if _may_be_a_draw(one)]
    if undone:
        [lines] = yield [(SQL["lines_of"], _keys(undone))]
        _add_lines(lines, state)
    ids = {line.lottery for line in state.drawn.values()}
    if not codes and not ids:
        return
    told = {"ids": arrays.integers(ids), "codes": arrays.words(codes)}
    _, lotteries, prizes, entrants, paid = yield [
        (SQL["hold_lists"], told),
        (SQL["lotteries"], told),
        (SQL["prizes"], told),
        (SQL["entrants"], _who_draws(items, state)),
        (SQL["handed_out"], _keys(undone)),
    ]
    _add(lotteries, prizes, state, book)
    for lottery, card, member, draws in entrants:
        state.lotteries[lottery].entered[Entrant(card, member)] = draws
    state.handed_out = {journal for (journal,) in paid}


def line_row(shard: int, number: int, line: Line) -> tuple[Any, ...]:
    """A row of `add_draws`."""
    return (
        shard, number, line.lottery, line.seq, line.act, line.of_seq, line.hit, line.place,
        line.entrant.card, line.entrant.member, line.link,
    )  # fmt: skip


def taken_row(_shard: int, _number: int, taken: Taken) -> tuple[Any, ...]:
    """A row of `take_prizes`."""
    return taken.lottery, taken.place, taken.change


def end_row(_shard: int, _number: int, end: ListEnd) -> tuple[Any, ...]:
    """A row of `end_lists`."""
    return end.lottery, end.lines, end.link


def entered_row(_shard: int, _number: int, entered: Entered) -> tuple[Any, ...]:
    """A row of `count_entrants`."""
    return entered.lottery, entered.who.card, entered.who.member, entered.change


def _named(item: Item) -> str:
    besides = item.request.besides
    return besides.lottery if besides is not None else ""


def _may_be_a_draw(original: Original) -> bool:
    """A draw, or the void of one: its amount is in points."""
    is_void = original.kind is Kind.VOID and original.unit.startswith(POINTS_PREFIX)
    return is_void or original.kind is Kind.LOTTERY_DRAW


def _keys(originals: Sequence[Original]) -> tuple[bytes, bytes]:
    shards = arrays.smallints([one.shard for one in originals])
    return shards, arrays.bigints([one.number for one in originals])


def _add_lines(rows: Rows, state: State) -> None:
    for journal, lottery, seq, act, of_seq, hit, place, card, member, link in rows:
        state.drawn[journal] = Line(
            lottery=lottery,
            seq=seq,
            act=Act(act),
            of_seq=of_seq,
            hit=hit,
            place=place,
            entrant=Entrant(card, member),
            link=link,
        )


def _add(lotteries: Rows, prizes: Rows, state: State, book: Book) -> None:
    of_lottery: dict[int, list[Prize]] = {}
    taken: dict[int, dict[int, int]] = {}
    for lottery, *about, gone in prizes:
        prize = prize_of(about)
        of_lottery.setdefault(lottery, []).append(prize)
        taken.setdefault(lottery, {})[prize.place] = gone
    for row in lotteries:
        one = _lottery(row, of_lottery[row[0]], book)
        one.taken = taken[one.id]
        state.lotteries[one.id] = state.lotteries_named[one.content.code] = one


def prize_of(about: Sequence[Any]) -> Prize:
    """What is frozen of one: place, code, parts, stock, kind, amount, name."""
    place, code, parts, stock, kind, amount, name = about
    return Prize(
        place=place,
        code=code,
        parts=parts,
        stock=stock,
        kind=PrizeKind(kind),
        amount=amount,
        name=name,
    )


def content_of(row: Sequence[Any], prizes: Iterable[Prize]) -> Content:
    """What is frozen of a row: code, owner, unit, cost, threshold, cap, days, name."""
    code, owner, unit, cost, threshold, cap, opens_on, closes_on, name = row
    return Content(
        code=code,
        owner=owner,
        unit=unit,
        cost_points=cost,
        threshold_points=threshold,
        cap=cap,
        opens_on=opens_on,
        closes_on=closes_on,
        name=name,
        prizes=tuple(prizes),
    )


def _lottery(row: Sequence[Any], prizes: Iterable[Prize], book: Book) -> Lottery:
    number, *about = row
    content = content_of(about[:CONTENT_COLUMNS], prizes)
    state, issuer, merchant, alliance, *frozen, lines, link = about[CONTENT_COLUMNS:]
    is_open = state == LotteryState.OPEN
    return Lottery(
        id=number,
        content=content,
        state=LotteryState(state),
        seed=_seed(number, frozen, content, book) if is_open else None,
        issuer=issuer or 0,
        merchant=merchant or 0,
        alliance=alliance or 0,
        lines=lines,
        link=link,
    )


def _seed(number: int, frozen: Sequence[Any], content: Content, book: Book) -> Secret | None:
    """The seed; None where nothing is to be drawn: it does not open, or odds are not as frozen."""
    author_words, freezer_words, sealed, commitment = frozen
    if book.opens is None:
        return None
    try:
        house = book.opens(bytes(sealed), place_of_seed(number))
    except VaultError:
        _LOG.error("the seed of a lottery does not open", lottery=content.code)
        return None
    seed = seed_of(house, author_words, freezer_words)
    if commitment_of(seed, content.text) != bytes(commitment):
        _LOG.error("a lottery is not what was frozen, and is not drawn", lottery=content.code)
        return None
    return seed


def _who_draws(items: Sequence[Item], state: State) -> Mapping[str, bytes]:
    """Who draws in this batch, and in which."""
    who = {
        (code, card.id, card.member)
        for item in items
        if (code := _named(item))
        and item.pan_hash is not None
        and (card := state.cards.get(item.pan_hash)) is not None
    }
    return {
        "codes": arrays.words([code for code, _, _ in who]),
        "cards": arrays.bigints([card for _, card, _ in who]),
        "members": arrays.bigints([member for _, _, member in who]),
    }
