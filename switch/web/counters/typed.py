"""What was typed at a seat, as an order; or what is wrong with it."""

from host.model.requests import Kind
from switch.seat.counter import AMOUNT_MINOR_MAX
from switch.web.asked import Form
from terminals.orders import order_of as order_reference_of
from terminals.seat import presented
from terminals.seat.order import Order
from terminals.seat.presented import NotPresentedError, Presented
from terminals.seat.trades import TRADES
from terminals.seat.wanted import NotWantedError, kind_of
from terminals.web.forms import minor_of
from terminals.web.seat import Typed


def order_of(form: Form, login: str) -> Order | Typed:
    """What was typed, as an order; or what is wrong with it."""
    amount_typed, bill = form.one("amount").strip(), form.one("bill")
    try:
        first, second = _read(form.one("presented")), _read(form.one("second"))
    except NotPresentedError:
        return Typed(amount=amount_typed, bill=bill, wrong="seat_unread", field="presented")
    if first is None:
        return Typed(amount=amount_typed, bill=bill, wrong="seat_present", field="presented")
    try:
        kind = kind_of(
            form.one("button") or "sale", first, second, points_first=bool(form.one("points_first"))
        )
    except NotWantedError as error:
        return Typed(amount=amount_typed, bill=bill, wrong=error.word, field="presented")
    order = form.one("order").strip()
    if not _is_order(order, first):
        return Typed(amount=amount_typed, bill=bill, wrong="seat_order_wrong", field="order")
    row = TRADES[kind]
    amount = amount_of(amount_typed, in_points=row.in_points)
    if row.needs_amount and not amount:
        return Typed(amount=amount_typed, bill=bill, wrong="seat_amount", field="amount")
    return Order(
        kind=kind,
        amount_minor=amount if amount and row.needs_amount else 0,
        presented=first,
        second=second if kind is Kind.LOAD_BY_CODE else None,
        bill=bill,
        order=order,
        by=login,
        once_key=form.one("once_key"),
    )


def _is_order(typed: str, presented: Presented) -> bool:
    try:
        order_reference_of(typed or None, None, presented.pan)
    except ValueError:
        return False
    return True


def _read(typed: str) -> Presented | None:
    return presented.read(typed) if typed.strip() else None


def amount_of(typed: str, *, in_points: bool) -> int | None:
    """Minor units, or points; None: it is none of them."""
    text = typed.strip()
    if in_points:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
    found = minor_of(text)
    is_one = isinstance(found, int) and 0 < found <= AMOUNT_MINOR_MAX
    return found if is_one else None  # type: ignore[return-value]
