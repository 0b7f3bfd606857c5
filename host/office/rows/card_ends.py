"""How cards end, as people ask for it: one has the place of another, or none of them is ever used.

What is said holds from the next message on; the money follows by the clock (`host.moves`).
"""

import time
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Money, Note, Number, Values
from host.office.jobs import AtWork, begin_job
from host.office.records import DONE, Line, write_line
from host.office.roles import BO, CS, IM, PA
from host.office.subjects import Found, Ref, changed, find
from host.rules.card_states import CARD_STATES
from host.rules.states import begins_at
from host.stock import ends
from host.stock.batches import By

VOID: Final = "card.void"
WRITE_BACK: Final = "card_batch.void"
CARDS_MAX: Final = 500
"""Voided by one form."""
WAIT_SECONDS: Final = 0.2
"""Between two looks at what the clock has written back."""


class CardReplace(Values, frozen=True, kw_only=True):
    """Which card of the stock has its place from now on."""

    card: Number
    replacement: Number
    fee_minor: Money | None = None
    """Taken out of what the card has; as much as its product allows."""
    note: Note


class CardVoid(Values, frozen=True, kw_only=True):
    """One, or many of one issuer."""

    many: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=CARDS_MAX)]
    note: Note


class WriteBack(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a voided batch is left with: its parts, the cards of each, and by whom."""

    parts: tuple[tuple[int, int], ...]
    login: str


class WriteBackError(Exception):
    """Cards of a voided batch could not be written back: their number, and why."""


def begin_write_back(acting: Acting, batch: int) -> Result:
    """A job that writes back what is left on the cards of a batch that has just been voided."""
    parts = ends.cards_of_batch(acting.connection, batch)
    cards = sum(made for _, made in parts)
    if not cards:
        return Result(told={"cards": cards})
    plan = WriteBack(parts=tuple(parts), login=acting.who.login)
    job = begin_job(acting, WRITE_BACK, acting.subject, total=cards, plan=plan)
    return Result(told={"cards": cards, "job": job})


def write_back(at_work: AtWork) -> int:
    """The next cards of a voided batch: said to the clock, and waited for.

    Raises:
        WriteBackError: the poster refused some of them.
    """
    plan, done = msgspec.convert(at_work.job.plan, WriteBack), at_work.job.done
    if not done:
        ends.wait_for_batches(at_work.connection)
    stretch = ends.next_stretch(plan.parts, done)
    left = ends.write_back(at_work.connection, stretch, By(plan.login, at_work.now))
    if left.refused:
        msg = f"{left.refused} cards could not be written back: {left.why}"
        raise WriteBackError(msg)
    if left.is_open:
        time.sleep(WAIT_SECONDS)
        return done
    return stretch.done


def _replace(acting: Acting, values: CardReplace) -> Result:
    acting.find("card", values.replacement)
    moved = ends.money_of(acting.connection, [values.card]).posted_minor
    by = By(acting.who.login, acting.now)
    fee = values.fee_minor or 0
    ends.replace_card(acting.connection, values.card, values.replacement, by, fee)
    taken = {"fee_minor": fee} if fee else {}
    told = {"replacement": values.replacement, "moved_minor": moved - fee, **taken}
    return Result(told=told, beside=taken)


def _void(acting: Acting, values: CardVoid) -> Result:
    cards = list(dict.fromkeys(values.many))
    others = [acting.find("card", card) for card in cards[1:]]
    given = ends.money_of(acting.connection, cards).posted_minor
    ends.void_cards(acting.connection, cards, By(acting.who.login, acting.now))
    for other in others:
        _remember(acting, other, values.note)
    return Result(told={"cards": cards, "written_back_minor": given})


def _remember(acting: Acting, was: Found, note: str) -> None:
    """Each of many has a line of history of its own; the first has the action's."""
    line = Line(at=acting.now, action=VOID, source=acting.asked.source if acting.asked else "")
    line.who, line.note, line.approval = acting.who, note, acting.approval
    line.about = was.ref
    now = find(acting.connection, was.ref)
    line.of(now)
    line.before, line.after = changed(was, now)
    write_line(acting.connection, line, DONE)


def _is_above_limit(acting: Acting, cards: tuple[int, ...]) -> bool:
    """What they have in money against what the grant may move alone."""
    limit = acting.grant.limit_minor
    return limit is None or ends.money_of(acting.connection, cards).posted_minor > limit


CARD_REPLACE: Final = Action(
    id="card.replace",
    en="Replace a card by another",
    zh="补卡/换卡",
    values=CardReplace,
    roles=frozenset({CS}),
    do=_replace,
    about=lambda values: Ref("card", str(values.card)),
    begins=begins_at(CARD_STATES, "card.replace"),
    second=Second.WHEN,
    second_when=lambda acting, values: _is_above_limit(acting, (values.card,)),
    approvers=frozenset({CS, IM, PA}),
    step=Step.OWN,
)
CARD_VOID: Final = Action(
    id=VOID,
    en="Void cards",
    zh="废弃卡",
    values=CardVoid,
    roles=frozenset({IM, BO}),
    do=_void,
    about=lambda values: Ref("card", str(values.many[0])),
    begins=begins_at(CARD_STATES, VOID),
    second=Second.WHEN,
    second_when=lambda acting, values: len(values.many) > 1 or _is_above_limit(acting, values.many),
    step=Step.OWN,
)
