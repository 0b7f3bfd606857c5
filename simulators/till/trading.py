"""What a cashier does at the till: each gives a command its act, and makes the receipt of it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from host.model.requests import Totals
from simulators.faults import Fault
from simulators.messages import Sale
from simulators.record import Event
from simulators.scenario import Step
from simulators.till.amounts import amount_text
from simulators.till.desk import Desk, is_believed, pin_text
from simulators.till.errors import TillError
from simulators.till.misfortunes import FAULT_WORDS
from simulators.till.receipt import Receipt, half_text, happened, row, verdict_rows
from simulators.till.typed import Values
from simulators.till.words import said
from simulators.trades import Done, Settled
from terminals.believed import Answer
from terminals.fields import TOTALS, TOTALS_DIGITS, TOTALS_HALF_DIGITS, numbers_in

Act = Callable[[Desk, Values], Awaitable[str]]


def trade(do: str, title: str, *, in_points: bool = False) -> Act:
    """A transaction with a card: an act of a scenario, and what its receipt is called."""

    async def act(desk: Desk, values: Values) -> str:
        step = Step(
            do=do,
            card=values.card,
            amount=values.amount or 0,
            pin=pin_text(values.pin),
            fault=values.faults,
        )
        has_amount = values.amount is not None
        amount = amount_text(values.amount or 0, in_points=in_points) if has_amount else ""
        return (await _traded(desk, step, title, amount)).text()

    return act


async def void(desk: Desk, values: Values) -> str:
    """Take back a sale whole."""
    of = desk.sale(values.receipt)
    assert of.sale is not None
    desk.till.sales["typed"] = of.sale
    step = Step(do="void", of="typed", card=of.sale.card.id, fault=values.faults)
    receipt = await _traded(desk, step, "void", of.amount, of)
    if receipt.answer.is_approved:
        of.undone = f"voided by #{receipt.number}"
    return receipt.text()


async def refund(desk: Desk, values: Values) -> str:
    """Give back a sale, or part of it."""
    of = desk.sale(values.receipt, refundable=True)
    assert of.sale is not None
    part = _part_of(of.sale, values.amount)
    desk.till.sales["typed"] = of.sale
    step = Step(do="refund", of="typed", card=of.sale.card.id, amount=part, fault=values.faults)
    amount = amount_text(part, in_points=of.sale.is_in_points)
    receipt = await _traded(desk, step, "refund", amount, of)
    if receipt.answer.is_approved:
        of.undone = f"refunded by #{receipt.number}"
    return receipt.text()


async def hold_more(desk: Desk, values: Values) -> str:
    """Have more held of a pre-authorisation's card."""
    of = desk.held(values.receipt)
    assert of.sale is not None
    more = values.amount or 0
    desk.till.sales["typed"] = of.sale
    step = Step(do="increase", of="typed", card=of.sale.card.id, amount=more, fault=values.faults)
    return (await _traded(desk, step, "more held", amount_text(more, in_points=False), of)).text()


async def complete(desk: Desk, values: Values) -> str:
    """Pay out of what is held: all that it was opened for, unless an amount was typed."""
    of = desk.held(values.receipt)
    assert of.sale is not None
    amount = _part_of(of.sale, values.amount)
    desk.till.sales["typed"] = of.sale
    step = Step(do="complete", of="typed", card=of.sale.card.id, amount=amount, fault=values.faults)
    receipt = await _traded(desk, step, "completion", amount_text(amount, in_points=False), of)
    if receipt.answer.is_approved:
        of.undone = f"completed by #{receipt.number}"
    return receipt.text()


async def sign_on(desk: Desk, values: Values) -> str:
    """Fetch keys, in a layout where one is named."""
    step = Step(do="sign_on", text=values.word, fault=values.faults)
    return signed_on_text(desk, _answer(await desk.do(step)))


def signed_on_text(desk: Desk, answer: Answer) -> str:
    """What a sign-on brought."""
    lines = _managed("sign-on", answer)
    if answer.is_approved:
        lines += row("keys", _keys_text(desk))
    return "\n".join(lines)


def manage(do: str, title: str) -> Act:
    """Something that moves nothing."""

    async def act(desk: Desk, values: Values) -> str:
        answer = _answer(await desk.do(Step(do=do, text=values.word, fault=values.faults)))
        lines = _managed(title, answer)
        if do == "parameters" and answer.is_approved and desk.pos is not None:
            lines += row("taken", f"{len(desk.pos.parameters)} bytes; wire shows them")
        return "\n".join(lines)

    return act


async def settle(desk: Desk, values: Values) -> str:
    """Close the batch, and say what came of it."""
    step = Step(do="settle", misses=values.times or 0, fault=values.faults)
    settled = await desk.do(step)
    assert isinstance(settled, Settled)
    lines = [said("SETTLEMENT")]
    if not is_believed(settled.answer):
        for label, value in verdict_rows(settled.answer):
            lines += row(label, value)
        return "\n".join([*lines, *row("next", "the batch stays open: settle")])
    if settled.agrees:
        lines += row("AGREED", "the host has the same totals; the batch is closed")
    else:
        lines += row("DIFFERS", DIFFERS)
        for label, half in _theirs(settled.answer):
            lines += row(label, half)
        lines += row(
            "next", "posswitch terminal exceptions tells what is not alike, and what to do"
        )
    if settled.uploaded:
        lines += row(
            "uploaded", f"{settled.uploaded} entries of the log, so that the host can look"
        )
    if settled.end is not None and not settled.end.is_approved:
        lines += row("upload", "its end was not acknowledged: settle again")
    if desk.pos is not None:
        lines += row("batch", f"{desk.pos.session.who.batch} is open now")
    return "\n".join(lines)


def _theirs(answer: Answer) -> list[tuple[str, str]]:
    """What the host's totals are, where the answer has them as F48."""
    digits = answer.fields.get("48", "")
    if len(digits) != TOTALS_DIGITS or not digits.isdigit():
        return []
    halves = (digits[:TOTALS_HALF_DIGITS], digits[TOTALS_HALF_DIGITS:])
    return [
        (label, half_text(Totals(**numbers_in(TOTALS, half)), in_points=in_points))
        for half, label, in_points in zip(
            halves, ("host's money", "host's points"), (False, True), strict=True
        )
    ]


async def reverse(desk: Desk, values: Values) -> str:
    """Undo what was traded last, though it was answered."""
    of = _last_traded(desk)
    answer = _answer(await desk.do(Step(do="reverse", fault=values.faults)))
    if answer.is_approved:
        of.undone = "reversed"
        if of.undoes is not None:
            of.undoes.undone = ""
    lines = _managed(f"reversal of #{of.number}, {said(of.title)}", answer)
    if answer.is_approved:
        lines += row("so", f"#{of.number} is as if it had never been")
    elif desk.till.terminal.has_pending:
        lines += row(*_PENDING)
    return "\n".join(lines)


async def repeat(desk: Desk, values: Values) -> str:
    """Send what was traded last again: the same answer, and nothing moves twice."""
    of = _last_traded(desk)
    answer = _answer(await desk.do(Step(do="repeat", fault=values.faults)))
    lines = _managed(f"#{of.number} again, {said(of.title)}", answer)
    if is_believed(answer) and is_believed(of.answer):
        lines += row("so", _compared(of.answer, answer))
    return "\n".join(lines)


async def mend(desk: Desk, _values: Values) -> str:
    """Send what is pending once more."""
    if not desk.till.terminal.has_pending:
        return said("nothing is pending: every message was answered, or is given up")
    before = len(desk.record.events)
    await desk.till.terminal.mend()
    lines = [said("PENDING")]
    for label, value in _told(desk.record.events[before:]):
        lines += row(label, value)
    if desk.till.terminal.has_pending:
        lines += row(*_PENDING)
    return "\n".join(lines)


async def restart_gateway(desk: Desk, _values: Values) -> str:
    """The gateway begins anew."""
    await desk.do(Step(do="restart_gateway"))
    return said("the gateway has lost every call and begins anew")


def misfortune(fault: Fault) -> Act:
    """What happens to the messages that come next."""

    async def act(desk: Desk, values: Values) -> str:
        times = values.times if values.times is not None else 1
        desk.till.misfortune.add((fault,) * times)
        which = "the next message" if times == 1 else f"the next {times} messages"
        what = said(FAULT_WORDS[fault].says)
        return said(f"{said(which)}: {what}. Next: purchase first 12.34")

    return act


DIFFERS: Final = (
    "the host has other totals than this till: an entry was forgotten, or something was traded "
    "under its name before it was switched on"
)
_PENDING: Final = ("pending", "goes out again before the next transaction, or now: mend")
_SAME: Final = ("39", "37", "38", "auth")


async def _traded(
    desk: Desk, step: Step, title: str, amount: str, of: Receipt | None = None
) -> Receipt:
    before = len(desk.record.events)
    done = await desk.do(step)
    assert isinstance(done, Done)
    events = desk.record.events[before:]
    others = [event for event in events if event.slot != done.slot]
    desk.remarks += [
        f"Of an earlier transaction: {said(value)}." for _label, value in _told(others)
    ]
    card = desk.cards.by_id[step.card]
    number = f" {card.id}" if card.id > 0 else ""
    receipt = Receipt(
        number=len(desk.receipts) + 1,
        title=title,
        kind=done.kind,
        card=f"{card.pan.masked}  {desk.cards.issuer_of(card)}{number}",
        amount=amount,
        undoes=of,
        answer=done.answer,
        slot=done.slot,
        sale=done.sale,
        events=tuple(event for event in events if event.slot == done.slot),
        is_pending=desk.till.terminal.has_pending,
    )
    return desk.write(receipt)


def _part_of(sale: Sale, typed: int | None) -> int:
    """How much of a sale is given back: all of it, unless an amount was typed."""
    if typed is None:
        return sale.amount_minor
    if not sale.is_in_points:
        return typed
    points, part = divmod(typed, 100)
    if part:
        raise TillError("that sale was in points, which are whole. Next: refund 500")
    return points


def _told(events: Iterable[Event]) -> list[tuple[str, str]]:
    return [each for event in events for each in happened(event)]


def _managed(title: str, answer: Answer) -> list[str]:
    lines = [said(title).upper()]
    for label, value in verdict_rows(answer):
        lines += row(label, value)
    return lines


def _answer(done: Done | Answer | Settled | None) -> Answer:
    assert isinstance(done, Answer)
    return done


def _last_traded(desk: Desk) -> Receipt:
    if not desk.receipts:
        raise TillError("nothing was traded yet. Next: purchase first 12.34")
    return desk.receipts[-1]


def _keys_text(desk: Desk) -> str:
    if not desk.has_keys:
        return "follow from the counter of each message, so there are none to fetch"
    if desk.pos is None:
        return "taken"
    if desk.pos.session.wants_sign_on:
        return "their check values are wrong, so they are not taken"
    return f"taken; batch {desk.pos.session.who.batch}"


def _compared(first: Answer, second: Answer) -> str:
    if all(first.fields.get(name) == second.fields.get(name) for name in _SAME):
        return "the same answer as the first time: nothing moved twice"
    return f"another answer than the first time, which was {first.f39}"
