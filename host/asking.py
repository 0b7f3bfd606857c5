"""What no terminal asks: people, members, the clock and the night ask the house's own poster.

There is one way, for there is one writer of a shard. A request has a key of its own that says who
asks (see `host.model.origins`): the same key gets the same answer, declines included, whoever was
killed in between. So whoever asks keeps the key, and where the answer is not known asks again.
"""

from collections.abc import Callable
from typing import Final

import trio

from host.book import NOBODYS_TERMINAL
from host.fingerprint import fingerprint_of_own
from host.model.origins import SPACES
from host.model.own import OwnKey, OwnRequest
from host.model.pay_codes import Pays
from host.model.requests import KINDS, Besides, ExchangeKey, Kind, Request, Response
from host.model.responses import Reason
from host.rules.dossier import Item
from host.shards import home_of
from host.store.arrays import PLAIN_WORD

ANSWER_SECONDS_MAX: Final = 60.0
"""Then it is not known: the poster keeps silent where it is in doubt."""

Post = Callable[[Item, Callable[[Response], None]], None]
Ask = Callable[[OwnRequest], Response]
"""As `Asking.ask`, for who is in a thread of its own and may wait there."""


class OwnKeyError(ValueError):
    """A key that nobody may have: not an origin's own, or not of plain words."""


_SPACE_OF: Final = {space.origin: space.name for space in SPACES if space.made_by is None}


def exchange_key(kind: Kind, own: OwnKey) -> ExchangeKey:
    """A key as exchanges have it.

    Raises:
        OwnKeyError: it cannot be stored, or is of an origin that may not ask for this.
    """
    row, space = KINDS[kind], _SPACE_OF.get(own.origin)
    if own.origin not in row.asked_by or space is None:
        raise OwnKeyError(f"{kind} is nothing that the {own.origin} asks for")
    parts = (own.made_by, own.scope, own.name)
    key = ExchangeKey(space, *parts, row.family)
    if any("/" in part or not part for part in parts) or not PLAIN_WORD.fullmatch(key.text):
        raise OwnKeyError(
            f"{key.text!r} cannot be a key: each part is letters, digits and . _ : -, and not empty"
        )
    return key


class Asking:
    """Asks the poster, and waits."""

    def __init__(self, post: Post, shard_count: int) -> None:
        self._post = post
        self._shard_count = shard_count

    async def ask(self, own: OwnRequest) -> Response:
        """Its answer. One without an RRN stored nothing, or is not known: ask again, by its key.

        Raises:
            OwnKeyError: nobody may ask so.
        """
        item = self._item(own)
        answered = trio.Event()
        answers: list[Response] = []

        def deliver(answer: Response) -> None:
            answers.append(answer)
            answered.set()

        self._post(item, deliver)
        with trio.move_on_after(ANSWER_SECONDS_MAX):
            await answered.wait()
        return answers[0] if answers else Response(reason=Reason.TIMED_OUT)

    def ask_from_thread(self, own: OwnRequest) -> Response:
        """As `ask`, for a thread that trio began.

        Raises:
            OwnKeyError: nobody may ask so.
        """
        return trio.from_thread.run(self.ask, own)

    def _item(self, own: OwnRequest) -> Item:
        key, card = exchange_key(own.kind, own.key), own.card
        request = Request(
            kind=own.kind,
            key=key,
            merchant_id="",
            amount=own.amount,
            goods=own.goods,
            original=own.original,
            besides=Besides(lottery=own.lottery) if own.lottery else None,
        )
        return Item(
            request=request,
            slot=key.text,
            home=home_of(key.text, self._shard_count),
            shard=card.shard,
            pan_hash=card.pan_hash,
            fingerprint=fingerprint_of_own(own),
            original_slot=None,
            terminal=NOBODYS_TERMINAL,
            issuer=None,
            own=own,
            voucher=own.voucher,
            pays=Pays(own.pay_code, own.payer) if own.payer else None,
        )
