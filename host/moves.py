"""Moves are driven on: what is to leave a card comes where it belongs, or back.

Whoever replaces or voids a card says so in one row (`move`), and what later comes back onto such a
card opens that row again. Here the clock asks the house's own poster, step by step: a purse, a lot
of points or a debt of them out of the card, then, under a key made of the first's, into the other.
A step that was asked and not heard of is asked again and told what it was; so a host that is killed
between the two goes on there, and nothing moves twice.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import psycopg
import structlog
import trio

from host.clock import WallClock
from host.model.numbers import number_of_rrn
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.store.connecting import Connection
from host.store.held import Held
from host.store.moves import (
    BEFORE_ALL,
    OnItsWay,
    OpenMove,
    arrived,
    came_back,
    finish,
    on_its_way,
    open_moves,
    refuse,
)

LEAVES: Final = {
    "replacement": Kind.MOVE_OUT,
    "merge": Kind.MERGE_OUT,
    "void": Kind.CARD_VOID,
    "breakage": Kind.BREAKAGE,
    "gather": Kind.GATHER_OUT,
    "gather_points": Kind.GATHER_OUT,
}
"""By which posting something leaves a card, by the name of the move."""
AT_A_TIME: Final = 8
"""Moves under way."""
MOVES_PER_READ: Final = 200
PAUSE_SECONDS: Final = 1.0
"""How soon a move is begun."""
STEPS_AT_ONCE_MAX: Final = 500
"""Of one move, before others have their turn."""

Ask = Callable[[OwnRequest], Awaitable[Response]]
T = TypeVar("T")
_LOG = structlog.get_logger(__name__)


class Moves:
    """Drives all that are open."""

    def __init__(self, connect: Callable[[], Connection], ask: Ask, clock: WallClock) -> None:
        self._held = Held(connect)
        self._ask = ask
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. Without a database it waits and tries again."""
        try:
            while True:
                try:
                    await self.drive()
                except psycopg.Error as error:
                    _LOG.warning("moves wait for the database", why=type(error).__name__)
                await trio.sleep(PAUSE_SECONDS)
        finally:
            self.shut()

    def shut(self) -> None:
        """Let go of its connection."""
        self._held.shut()

    async def drive(self) -> None:
        """Each that is open, as far as it goes now.

        Raises:
            psycopg.Error: not all of them; what was posted stays posted.
        """
        last = BEFORE_ALL
        while found := await self._stored(open_moves, last, MOVES_PER_READ):
            async with trio.open_nursery() as nursery:
                for place in range(AT_A_TIME):
                    nursery.start_soon(self._drive_all, found[place::AT_A_TIME])
            last = found[-1].key

    async def _drive_all(self, moves: list[OpenMove]) -> None:
        for move in moves:
            await self._drive(move)

    async def drive_one(self, move: OpenMove) -> None:
        """This one, as far as it goes now: somebody waits for it. Safe beside `run`.

        Raises:
            psycopg.Error: it goes on by itself; what was posted stays posted.
        """
        await self._drive(move)

    async def _drive(self, move: OpenMove) -> None:
        if move.fee is not None and move.step == 1 and not await self._has_taken_fee(move):
            return
        goes_on: OpenMove | None = move
        for _ in range(STEPS_AT_ONCE_MAX):
            if goes_on is not None:
                goes_on = await self._step(goes_on)

    async def _has_taken_fee(self, move: OpenMove) -> bool:
        """Whether it is known what became of the fee, so that the rest may leave.

        It was covered when it was asked for. What a sale that was under way has spent since is not
        taken from what is left: then there is no fee, and that is said.
        """
        answer = await self._ask(_fee(move))
        if answer.rrn and not answer.is_approved:
            _LOG.error("a fee was not taken", card=move.card, move=move.name, why=answer.reason)
        return bool(answer.rrn)

    async def _step(self, move: OpenMove) -> OpenMove | None:
        """What may be asked next, once it is done; None: nothing now."""
        answer = await self._ask(_leaving(move))
        if not answer.rrn:
            return None
        if not answer.is_approved:
            await self._refused(move, answer)
            return None
        number = _number_of(answer)
        sent = await self._stored(on_its_way, move.shard, number)
        if sent is None:
            await self._stored(finish, move, self._clock())
            return None
        if sent.is_open and not await self._has_come(move, sent, number):
            return None
        await self._stored(arrived, move, number, sent.amount.amount_minor)
        after = move.after(sent.amount.amount_minor)
        if after.has_gathered:
            await self._stored(finish, after, self._clock())
            return None
        return after

    async def _has_come(self, move: OpenMove, sent: OnItsWay, number: int) -> bool:
        """Whether what left is on the other card. Not answered now, it is asked again.

        But of a merge it cannot be declined: then people must look.
        """
        came = await self._ask(_arriving(move, sent))
        if came.rrn and not came.is_approved and move.is_merge:
            await self._come_back(move, sent, number, came)
        elif came.rrn and not came.is_approved:
            _LOG.error("what left a card was refused", card=move.card, why=came.reason)
        return came.is_approved

    async def _come_back(
        self, move: OpenMove, sent: OnItsWay, number: int, answer: Response
    ) -> None:
        """The other card may not have it any more: it is this one's again, and the merge is over.

        Whoever is killed here asks the other again, and hears the same.
        """
        back = await self._ask(_coming_back(move, sent))
        if back.is_approved:
            await self._stored(came_back, move, number, answer.reason.value, self._clock())

    async def _refused(self, move: OpenMove, answer: Response) -> None:
        await self._stored(refuse, move, answer.reason.value, self._clock())
        _LOG.error("a move cannot be done", card=move.card, move=move.name, why=answer.reason)

    async def _stored(self, do: Callable[..., T], *told: Any) -> T:
        """In a thread, on the one connection."""

        def use() -> T:
            with self._held.use() as connection:
                return do(connection, *told)

        return await trio.to_thread.run_sync(use)


def _leaving(move: OpenMove) -> OwnRequest:
    kind = LEAVES[move.name]
    key = _key(move, "")
    return OwnRequest(kind=kind, key=key, card=move.giver, to=move.receiver, amount=move.points)


def _fee(move: OpenMove) -> OwnRequest:
    key = OwnKey(move.origin, move.made_by, f"move.{move.card}", f"{move.name}-fee")
    return OwnRequest(kind=Kind.CARD_FEE, key=key, card=move.giver, amount=move.fee)


def _arriving(move: OpenMove, sent: OnItsWay) -> OwnRequest:
    return OwnRequest(
        kind=Kind.MERGE_IN if move.is_merge else Kind.MOVE_IN,
        key=_key(move, ".in"),
        card=sent.to,
        to=move.giver if move.is_merge else None,
        amount=sent.amount,
        expires_on=sent.expires_on,
        is_debt=sent.is_debt,
        available_from=sent.available_from,
    )


def _coming_back(move: OpenMove, sent: OnItsWay) -> OwnRequest:
    return OwnRequest(
        kind=Kind.MOVE_IN,
        key=_key(move, ".back"),
        card=move.giver,
        amount=sent.amount,
        expires_on=sent.expires_on,
        available_from=sent.available_from,
    )


def _key(move: OpenMove, end: str) -> OwnKey:
    """Who wanted it, of which card, and which step. That of the second posting is the first's."""
    name = f"{move.name}-{move.step}{end}"
    return OwnKey(move.origin, move.made_by, f"move.{move.card}", name)


def _number_of(answer: Response) -> int:
    today = dt.date.fromisoformat(answer.business_date)
    number = number_of_rrn(answer.rrn, today)
    assert number is not None, "the host's own RRN"
    return number
