"""A till to type at: `help` is its page, and each line gives what is to be read of it.

A line is a command (`simulators.till.commands`) with its words. What was mistyped is a sentence
that says what would have been right; nothing is sent then.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from host.estate.plan import EstatePlan, TerminalPlan
from simulators.channels import CHANNELS, Opens, Place
from simulators.nac import NacLine
from simulators.record import Record
from simulators.scenario import Misfortune, Till
from simulators.till.cards import CardBox
from simulators.till.commands import COMMANDS, At, Command, Part
from simulators.till.desk import Desk, is_believed
from simulators.till.errors import TillError, quoted
from simulators.till.screen import columns
from simulators.till.trading import signed_on_text
from simulators.till.typed import Takes, Values, values_of
from simulators.till.wire import Heard
from simulators.till.words import said

ENDS: Final = frozenset({"quit", "exit", "bye"})
REMARK: Final = "#"
NAME_WORDS_MAX: Final = 3
USAGE_WIDTH: Final = 25
SAYS_WIDTH: Final = 31


class Prompt:
    """Answers lines. `desk` has what came of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.commands = [each for each in COMMANDS if _is_at(each, desk)]
        self.mistyped = 0
        """Lines that were no command."""
        self.was_answered = False
        """Whether the first sign-on got an answer, whatever it was."""
        self._by_name = {
            tuple(_spelled(name)): each for each in COMMANDS for name in (each.name, *each.also)
        }

    async def take(self, line: str) -> str:
        """What comes of a line; empty of an empty one, and of a remark behind #."""
        words = line.split()
        if not words or words[0].startswith(REMARK):
            return ""
        try:
            return await self._done(words)
        except TillError as error:
            self.mistyped += 1
            return "\n".join(columns((0, said(str(error)))))

    def is_end(self, line: str) -> bool:
        """Whether whoever typed it goes home."""
        return line.strip().lower() in ENDS

    async def open(self) -> str:
        """Who we are; a till that is switched on signs on."""
        desk = self.desk
        [store] = [one for one in desk.estate.stores if one.id == desk.plan.store_id]
        name = desk.plan.terminal_id
        merchant = desk.estate.merchant_of(desk.plan).merchant_id
        lines = [said(f"{store.name}: terminal {name}, merchant {merchant}")]
        answer = await desk.till.terminal.sign_on()
        self.was_answered = is_believed(answer)
        lines.append(signed_on_text(desk, answer))
        lines.append(said("help lists the commands; Ctrl-D ends"))
        return "\n".join(lines)

    def summary(self) -> str:
        """What was done in all, and what is left to do."""
        desk, counts = self.desk, self.desk.counts
        number = counts.total()
        what = said("1 transaction" if number == 1 else f"{number} transactions")
        how = [said(f"{counts[how]} {word}") for how, word in _ENDED.items() if counts[how]]
        lines = [": ".join(filter(None, (what, ", ".join(how))))]
        entries = len(desk.till.terminal.batch.entries)
        if entries:
            lines.append(said(f"{entries} entries stand in the open batch; settle would close it"))
        if desk.till.terminal.has_pending:
            lines.append(said(NOT_ANSWERED))
        return "\n".join(lines)

    def completions(self, begun: str) -> list[str]:
        """Names of commands that begin so."""
        names = [*(each.name for each in self.commands), "help", *sorted(ENDS)]
        return [name for name in names if name.startswith(begun.lower())]

    async def _done(self, words: list[str]) -> str:
        if words[0].lower() in {"help", "?"}:
            return self._help(words[1:])
        command, rest = self._command(words)
        if not _is_at(command, self.desk):
            raise TillError(f"{command.at.value}. Next: help")
        values = values_of(rest, command.takes, self.desk.cards, f"{command.example}")
        return await self._acted(command, values)

    async def _acted(self, command: Command, values: Values) -> str:
        desk = self.desk
        before = len(desk.heard)
        desk.remarks.clear()
        came = await command.act(desk, values)
        is_new = len(desk.heard) > before
        if is_new:
            del desk.heard[:before]
        wire = [desk.wire()] if is_new and desk.shows_wire else []
        remarks = [line for remark in desk.remarks for line in columns((0, said(remark)))]
        return "\n".join([*remarks, came, *wire])

    def _command(self, words: list[str]) -> tuple[Command, list[str]]:
        """The command with the longest name that the words begin with."""
        spelled = _spelled(" ".join(words[:NAME_WORDS_MAX]))
        for size in range(min(NAME_WORDS_MAX, len(spelled)), 0, -1):
            command = self._by_name.get(tuple(spelled[:size]))
            if command is not None:
                return command, _rest(words, size)
        raise TillError(f"there is no command {quoted(words[0])}. Next: help")

    def _help(self, words: list[str]) -> str:
        if words:
            command, _rest = self._command(words)
            return "\n".join(_page(command))
        lines: list[str] = []
        for part in Part:
            lines.append(said(part.value))
            for command in self.commands:
                if command.part is part:
                    lines += _line(command)
        return "\n".join([*lines, *_foot()])


@dataclass(frozen=True, slots=True)
class TillPlace:
    """Which till, and where its switch is."""

    channel: str
    plan: TerminalPlan
    estate: EstatePlan
    place: Place
    opens: Opens | None = None
    """Another way to open the channel than its row's."""


@asynccontextmanager
async def standing_till(at: TillPlace, record: Record) -> AsyncIterator[Prompt]:
    """A till that answers lines, as long as the block lasts."""
    row, plan, estate = CHANNELS[at.channel], at.plan, at.estate
    misfortune, cards = Misfortune(), CardBox(estate)
    heard: list[Heard] = []
    hearing = replace(at.place, overhears=lambda asked, told: heard.append(Heard(asked, told)))
    async with (at.opens or row.opens)(hearing) as channel:
        counter = channel.counter(plan, estate, record, misfortune)
        async with counter.line:
            till = Till(counter.terminal, counter.line, misfortune, cards.by_id)
            yield Prompt(
                Desk(
                    till=till,
                    row=row,
                    plan=plan,
                    estate=estate,
                    cards=cards,
                    record=record,
                    heard=heard,
                )
            )


_ENDED: Final = {"approved": "approved", "declined": "declined", "no": "without an answer"}
"""The first word of a receipt's outcome, and how the summary says it."""
NOT_ANSWERED: Final = "a reversal, confirmation or refund was not answered: phone the operator"
CARD_IS: Final = "a name of `cards`, a number, a card number, with =2912 its expiry"
_WORDS: Final = (
    ("CARD", CARD_IS),
    ("AMOUNT", "yuan and fen, as 12.34; 12 is 12.00"),
    ("… pin 000000", "behind a card: another PIN than its own"),
    ("… lose answer", "behind a trade: what goes wrong with it"),
)


def _foot() -> Iterator[str]:
    yield said("words")
    for typed, means in _WORDS:
        yield from columns((2, ""), (USAGE_WIDTH, typed), (0, said(means)))
    yield said("help purchase tells more of one; Tab and arrows work; quit or Ctrl-D ends")


def _line(command: Command) -> list[str]:
    return columns(
        (2, ""),
        (USAGE_WIDTH, command.usage),
        (SAYS_WIDTH, said(command.says)),
        (0, command.example),
    )


def _page(command: Command) -> Iterator[str]:
    yield command.usage
    yield from columns((4, ""), (0, said(command.says)))
    told = {"type": command.example, "or": ", ".join(command.also)}
    if Takes.CARD in command.takes:
        told["card"] = said(CARD_IS)
    if command.part is Part.COUNTER:
        told["then"] = said("pin 000000, and what goes wrong: lose answer")
    for label, value in told.items():
        if value:
            yield from columns((4, ""), (9, said(label)), (0, value))
    if command.at is not At.ALL:
        yield from columns((4, ""), (0, said(command.at.value)))


def _is_at(command: Command, desk: Desk) -> bool:
    if command.at is At.POS:
        return desk.pos is not None
    return command.at is not At.GATEWAY or isinstance(desk.till.line, NacLine)


def _spelled(name: str) -> list[str]:
    """A command's words, however they are joined."""
    return name.lower().replace("_", " ").split()


def _rest(words: list[str], size: int) -> list[str]:
    """What stands behind the words of a name, of which several may be joined in one."""
    at = taken = 0
    while taken < size:
        taken += len(_spelled(words[at]))
        at += 1
    return words[at:]
