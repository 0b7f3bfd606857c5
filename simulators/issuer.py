"""An issuer's own host: ISO 8583:1987 in ASCII with a binary bitmap, over TCP.

It keeps its cards' balances and every decision. A message that comes again (0201, 0221, 0421, or
the very same) gets the first answer and moves nothing; a reversal names its original in F90 and
undoes it once, also when it comes first. A PIN block is read under the zone key. By option and seed
it is slow, silent or wrong, and a magic amount does on purpose what the seed does by chance
(`MAGIC_AMOUNTS`).
"""

import datetime as dt
import enum
import random
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import trio

from host.estate.plan import CardPlan
from host.hsm.pin import PinBlockReader, PinFormatError
from host.model.secrets import Pan, Secret
from simulators.failures import Failures
from simulators.line import RECEIVE_BYTES_MAX
from terminals.codec import DecodeError
from terminals.dialects.issuer_fields import FOREIGN
from terminals.framing import FrameReader, FramingError, wrap

Fields = dict[str, str]
Seen = tuple[str, str, str]
"""Terminal, trace and F7: what makes a message the same message."""

FRAME_BYTES_MIN: Final = 12
PURCHASE: Final = "000000"
CREDIT: Final = "200000"
BALANCE: Final = "310000"
APPROVED, FORMAT_ERROR, NO_CARD, NO_MONEY, NOT_FOUND = "00", "30", "14", "51", "25"
WRONG_PIN: Final = "55"
ZONE_FORMAT: Final = 0
"""Of the PIN blocks it reads."""


@enum.unique
class Manner(enum.StrEnum):
    """How it answers a message."""

    RIGHT = "right"
    SLOW = "slow"
    SILENT = "silent"
    """It decides, and does not say."""
    WRONG = "wrong"
    """It approves another amount than was asked."""
    HANG_UP = "hang_up"
    """It decides, and closes the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicAmount:
    """What an amount of a purchase does, whatever the options say."""

    manner: Manner = Manner.RIGHT
    f39: str = ""
    """The decline that is given; empty: what would be given otherwise."""
    told: str = ""
    """What a terminal is told of it, where that is another code."""
    why: str


MAGIC_AMOUNTS: Final[dict[int, MagicAmount]] = {
    66_601: MagicAmount(manner=Manner.SLOW, why="it answers late"),
    66_602: MagicAmount(manner=Manner.SILENT, why="it decides, and does not say"),
    66_603: MagicAmount(manner=Manner.WRONG, why="it approves another amount"),
    66_604: MagicAmount(manner=Manner.HANG_UP, why="it decides, and hangs up"),
    66_605: MagicAmount(f39="05", told="57", why="it says 05, do not honour"),
    66_654: MagicAmount(f39="54", why="it says 54, expired"),
    66_691: MagicAmount(f39="91", why="it says 91, it cannot decide now"),
}
"""By amount in fen: 666.01 is slow, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSettings:
    """Where it listens, and how bad it is."""

    host: str = "127.0.0.1"
    port: int = 0
    slow: float = 0.0
    """Part of the messages, 0 to 1, answered after `slow_seconds`."""
    slow_seconds: float = 3.0
    silent: float = 0.0
    wrong: float = 0.0
    seed: int = 8583


@dataclass(slots=True)
class Book:
    """Balances and decisions: the issuer's truth, by which the switch is checked."""

    balances: dict[str, int]
    answers: dict[Seen, Fields] = field(default_factory=dict)
    moved: dict[Seen, tuple[str, int]] = field(default_factory=dict)
    """What each decision put on or took from a card."""
    pins: dict[str, Secret] = field(default_factory=dict)
    reads_pin: PinBlockReader | None = None
    """Under its zone key; where it has none it does not look at PIN blocks."""
    undone: dict[Seen, Fields] = field(default_factory=dict)
    """Reversals by their original, those that came before it too."""
    counts: Counter[str] = field(default_factory=Counter)

    def decide(self, asked: Fields, now: dt.datetime) -> Fields:
        """The answer to a message, the same one for the same message."""
        seen = (asked.get("41", ""), asked.get("11", ""), asked.get("7", ""))
        if asked["t"][1] == "4":
            return self._undo(asked, now)
        told = self.answers.get(seen)
        if told is not None:
            self.counts["repeats"] += 1
            return told | {"t": answer_type(asked["t"])}
        told = self._decide(asked, seen, now)
        self.answers[seen] = told
        self.counts[told["39"]] += 1
        return told

    def _decide(self, asked: Fields, seen: Seen, now: dt.datetime) -> Fields:
        pan, amount = asked.get("2", ""), int(asked.get("4", "0"))
        if pan not in self.balances:
            return answer_to(asked, NO_CARD, now)
        if seen in self.undone:
            return answer_to(asked, NOT_FOUND, now)
        sign = SIGNS.get(asked.get("3", ""))
        if sign is None:
            return answer_to(asked, FORMAT_ERROR, now)
        code = self._decline(asked, pan, amount, sign * amount)
        if code:
            return answer_to(asked, code, now)
        self.balances[pan] += sign * amount
        if sign:
            self.moved[seen] = (pan, sign * amount)
        balance = self.balances[pan]
        more = {"38": f"{len(self.answers) % 1_000_000:06d}", "54": f"0002156C{balance:012d}"}
        return in_order(answer_to(asked, APPROVED, now) | more)

    def _decline(self, asked: Fields, pan: str, amount: int, moves: int) -> str:
        """Why a message that makes sense is declined; empty where it is not."""
        magic = MAGIC_AMOUNTS.get(amount)
        if magic is not None and magic.f39:
            return magic.f39
        if "52" in asked and not self._pin_is_right(Pan(pan), asked["52"]):
            return WRONG_PIN
        return NO_MONEY if self.balances[pan] + moves < 0 else ""

    def _pin_is_right(self, pan: Pan, block: str) -> bool:
        if self.reads_pin is None:
            return True
        try:
            pin = self.reads_pin.read(Secret.from_hex(block), ZONE_FORMAT, pan)
        except PinFormatError:
            return False
        return pin == self.pins.get(pan.reveal())

    def _undo(self, asked: Fields, now: dt.datetime) -> Fields:
        original = asked.get("90", "")
        if len(original) < 20:
            return answer_to(asked, FORMAT_ERROR, now)
        seen = (asked.get("41", ""), original[4:10], original[10:20])
        told = self.undone.get(seen)
        if told is not None:
            self.counts["reversal repeats"] += 1
            return told | {"t": answer_type(asked["t"])}
        pan, moved = self.moved.get(seen, ("", 0))
        if pan:
            self.balances[pan] -= moved
            self.counts["reversed"] += 1
        else:
            self.counts["reversed nothing"] += 1
        told = self.undone[seen] = answer_to(asked, APPROVED, now)
        return told


SIGNS: Final[dict[str, int]] = {PURCHASE: -1, CREDIT: +1, BALANCE: 0}
"""What each processing code does to the card."""


class Issuer:
    """The host: serves as many lines as the switch opens. `book` may be looked at any time."""

    def __init__(
        self,
        settings: IssuerSettings,
        cards: tuple[CardPlan, ...],
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        zone_key: Secret | None = None,
    ) -> None:
        self.settings = settings
        self.book = Book(
            {card.pan.reveal(): card.balance_minor for card in cards},
            pins={card.pan.reveal(): card.pin for card in cards if card.pin is not None},
            reads_pin=PinBlockReader(zone_key) if zone_key is not None else None,
        )
        self.failures = Failures()
        """Messages and lines that met a fault: they had no answer, all others have."""
        self.opening = dict(self.book.balances)
        self._clock = clock
        self._dice: dict[str, random.Random] = {}
        self._socket: socket.socket | None = None
        self._port = settings.port

    def listen(self) -> int:
        """Take the port; who calls before `run` waits. Gives the port."""
        self._socket = socket.create_server((self.settings.host, self.settings.port))
        self._port = self._socket.getsockname()[1]
        return self._port

    async def run(self) -> None:
        """Answer for ever. Raises OSError where it cannot listen."""
        if self._socket is None:
            self.listen()
        await self.failures.kept("issuer's host", "", self._accept)

    async def _accept(self) -> None:
        if self._socket is None:
            self._socket = socket.create_server((self.settings.host, self._port))
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(self._socket))
        self._socket = None  # it is the listener's, and ends with it
        await trio.serve_listeners(self._serve_alone, [listener])

    def moved_minor(self, card: CardPlan) -> int:
        """What a card gained or lost since the opening."""
        pan = card.pan.reveal()
        return self.book.balances[pan] - self.opening[pan]

    async def _serve_alone(self, stream: trio.SocketStream) -> None:
        await self.failures.alone("issuer's line", "", self._serve, stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        reader = FrameReader(bytes_min=FRAME_BYTES_MIN, takes_keep_alive=True)
        lock = trio.Lock()
        async with trio.open_nursery() as nursery:
            try:
                while data := await stream.receive_some(RECEIVE_BYTES_MAX):
                    for frame in reader.feed(bytes(data)):
                        alone = self.failures.alone
                        nursery.start_soon(
                            alone, "message to the issuer", "", self._answer, stream, frame, lock
                        )
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, FramingError):
                pass
            nursery.cancel_scope.cancel()
        await trio.aclose_forcefully(stream)

    async def _answer(self, stream: trio.SocketStream, frame: bytes, lock: trio.Lock) -> None:
        try:
            asked = FOREIGN.decode(frame)
        except DecodeError:
            self.book.counts["unreadable"] += 1
            return
        if asked["t"][2] in "135":
            return
        if asked["t"][:2] == "08":
            told, manner = management_answer(asked), Manner.RIGHT
        else:
            told, manner = self.book.decide(asked, self._clock()), self._manner(asked)
        self.book.counts[manner.value] += asked["t"][:2] != "08"
        if manner is Manner.SILENT:
            return
        if manner is Manner.SLOW:
            await trio.sleep(self.settings.slow_seconds)
        if manner is Manner.WRONG and "4" in told:
            told = told | {"4": f"{int(told['4']) + 100:012d}"}
        try:
            if manner is not Manner.HANG_UP:
                async with lock:
                    await stream.send_all(wrap(FOREIGN.encode(told)))
            else:
                await trio.aclose_forcefully(stream)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def _manner(self, asked: Fields) -> Manner:
        """Reversals are always heard at last: only the first sending of a trade is mistreated.

        Each terminal has its dice: in which order theirs come is not the seed's.
        """
        magic = MAGIC_AMOUNTS.get(int(asked.get("4", "0")))
        is_first = asked["t"] in {"0200", "0220"}
        if magic is not None and magic.manner is not Manner.RIGHT and is_first:
            return magic.manner
        if not is_first:
            return Manner.RIGHT
        drawn = self._dice_of(asked.get("41", "")).random()
        for manner, part in (
            (Manner.SLOW, self.settings.slow),
            (Manner.SILENT, self.settings.silent),
            (Manner.WRONG, self.settings.wrong),
        ):
            if drawn < part:
                return manner
            drawn -= part
        return Manner.RIGHT

    def _dice_of(self, terminal_id: str) -> random.Random:
        if terminal_id not in self._dice:
            seed = f"{self.settings.seed}/{terminal_id}"
            self._dice[terminal_id] = random.Random(seed)  # noqa: S311 - a simulation repeats itself
        return self._dice[terminal_id]


def answer_type(mti: str) -> str:
    """0200 and 0201 are answered 0210."""
    return f"{mti[:2]}{int(mti[2]) + 1}0"


def answer_to(asked: Fields, code: str, now: dt.datetime) -> Fields:
    """An answer that repeats what names the message."""
    names = ("2", "3", "4", "7", "11", "12", "13", "32", "37", "41", "42", "49")
    echoed = {name: asked[name] for name in names if name in asked}
    fields = {"t": answer_type(asked["t"]), **echoed, "15": f"{now:%m%d}", "39": code}
    return in_order(fields)


def in_order(fields: Fields) -> Fields:
    """Fields as they stand on the wire."""
    return dict(sorted(fields.items(), key=lambda item: 0 if item[0] == "t" else int(item[0])))


def management_answer(asked: Fields) -> Fields:
    """Sign-on and echo are always welcome."""
    kept = {name: asked[name] for name in ("7", "11") if name in asked}
    code = {"70": asked["70"]} if "70" in asked else {}
    return {"t": answer_type(asked["t"]), **kept, "39": APPROVED, **code}
