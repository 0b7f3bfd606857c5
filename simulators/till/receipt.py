"""Receipts: what was done, what it was answered, and what the till did about a missing answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from host.model.requests import Kind, Totals
from simulators.messages import Sale
from simulators.record import Event, What
from simulators.till.amounts import amount_text
from simulators.till.codes import advice_of_code, words_of_code
from simulators.till.screen import columns
from simulators.till.told import Told, told_of
from simulators.till.words import said
from simulators.trades import part_of
from terminals.believed import Answer, Verdict

LABEL: Final = 12
ONE_LINE: Final = 1_000
"""As wide as no line of a history is."""
INDENT: Final = 4

NOT_BELIEVED: Final = {
    Verdict.SILENCE: "nothing was heard",
    Verdict.MAC_WRONG: "its MAC is wrong, so it may be anybody's",
    Verdict.UNUSABLE: "it is not an answer to what was asked",
}
"""Why an answer is none, in words."""


@dataclass(slots=True, kw_only=True)
class Receipt:
    """One thing done at the till."""

    number: int
    title: str
    kind: Kind | None = None
    """None: it moves nothing and is no transaction."""
    card: str = ""
    amount: str = ""
    undoes: "Receipt | None" = None
    """What it takes back."""
    answer: Answer
    slot: str = ""
    """What the house calls it: its batch and trace."""
    sale: Sale | None = None
    """What a void or refund would need."""
    events: tuple[Event, ...] = ()
    """What the till did about a missing answer."""
    is_pending: bool = False
    """Whether the till still owes the host something."""
    undone: str = ""
    """How it was taken back since."""

    @property
    def outcome(self) -> str:
        """In a word."""
        if self.answer.verdict is not Verdict.USABLE:
            return "no answer"
        return "approved" if self.answer.is_approved else f"declined {self.answer.f39}"

    def text(self) -> str:
        """As it is printed, 80 columns wide at most."""
        lines = [f"#{self.number}  {said(self.title).upper()}"]
        for label, value in self._rows():
            lines += row(label, value)
        return "\n".join(lines)

    def in_short(self) -> str:
        """A line of the history."""
        amount = said(self.amount)
        [line] = columns(
            (5, f"#{self.number}"),
            (18, said(self.title)),
            (18 - cell_len(amount), ""),
            (cell_len(amount) + 2, amount),
            (12, said(self.outcome)),
            (0, said(self.undone)),
            width=ONE_LINE,
        )
        return line

    def _rows(self) -> Iterator[tuple[str, str]]:
        if self.card:
            yield "card", self.card
        if self.amount:
            yield "amount", self.amount
        if part := part_of(self.answer):
            yield "approved", amount_text(part, in_points=self._is_in_points)
        if self.undoes is not None:
            yield "of", f"#{self.undoes.number}, {said(self.undoes.title)}"
        yield from verdict_rows(self.answer)
        for event in self.events:
            yield from happened(event)
        if self.is_pending:
            yield "pending", "goes out again before the next transaction, or now: mend"
        told = told_of(self.kind, self.answer.fields)
        yield from told.lines
        yield from self._paper(told)

    @property
    def _is_in_points(self) -> bool:
        return self.sale is not None and self.sale.is_in_points

    def _paper(self, told: Told) -> Iterator[tuple[str, str]]:
        """By what people and hosts find it again."""
        if self.slot:
            _house, terminal, batch, trace, _family = self.slot.split("/")
            yield "paper", f"terminal {terminal}, batch {batch}, trace {trace}"
        facts = (("auth", told.auth_code), ("reference", told.reference), ("at", told.moment))
        if found := ", ".join(f"{said(label)} {value}" for label, value in facts if value):
            yield "", found


def row(label: str, value: str) -> list[str]:
    """A label and its value, folded where it is long."""
    return columns((INDENT, ""), (LABEL, said(label)), (0, said(value)))


def half_text(half: Totals, *, in_points: bool) -> str:
    """One half of a batch's totals."""
    debit = amount_text(half.debit_minor, in_points=in_points)
    credit = amount_text(half.credit_minor, in_points=in_points)
    return f"debit {half.debit_count} of {debit}, credit {half.credit_count} of {credit}"


def verdict_rows(answer: Answer) -> Iterator[tuple[str, str]]:
    """What an answer comes to, and what to do about it."""
    if answer.verdict is not Verdict.USABLE:
        yield "NO ANSWER", NOT_BELIEVED[answer.verdict]
        return
    f39 = answer.f39
    if not f39:
        return
    yield "APPROVED" if answer.is_approved else "DECLINED", f"{f39} {words_of_code(f39)}"
    if advice := advice_of_code(f39):
        yield "next", advice


def happened(event: Event) -> Iterator[tuple[str, str]]:
    """What the till did by itself, as its record has it."""
    if event.what not in _SAYS:
        return
    label, sentence = _SAYS[event.what]
    f39 = event.f39
    answer = said(f"answered {f39} {words_of_code(f39)}") if f39 else ""
    yield label, ": ".join(filter(None, (answer, said(sentence))))


_SAYS: Final[dict[What, tuple[str, str]]] = {
    What.REVERSAL_SENT: ("reversing", "a reversal goes out, to undo what may have been posted"),
    What.REVERSAL_TOLD: ("reversed", "nothing stands any more"),
    What.CONFIRM_SENT: ("confirming", "the cash is in the drawer, so the load is confirmed"),
    What.CONFIRM_TOLD: ("confirmed", ""),
    What.GIVEN_UP: ("given up", "after three attempts nobody has decided it: phone the operator"),
}
"""Events that a customer's receipt tells of."""
