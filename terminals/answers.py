"""From the host's `Response` to the fields of an answer.

Which fields a kind gets is the dialect's table; where a field's value comes from is `VALUES`
here: echoed from the request, or made from the response. A value that is empty leaves its
field out, so an answer the switch gives by itself (no reference, no date) needs no other rows.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from host.model.money import NUMBER_BY_CURRENCY
from host.model.requests import Kind, Response
from host.model.responses import Reason
from terminals.message import Message
from terminals.translate import BATCH, card_expiry, card_number

ValueOf = Callable[[Message, Response], str | None]

_BALANCE_HEAD: Final = "1002"
"""F54: account type 10, amount type 02 (available)."""
_INSTITUTION_DIGITS: Final = 11


class AnswerRow(msgspec.Struct, frozen=True):
    """The field numbers of one kind's answer, ascending, without F64."""

    approved: tuple[int, ...]
    declined: tuple[int, ...]


AnswerPlan = tuple[tuple[str, ValueOf], ...]


class AnswerPlans(msgspec.Struct, frozen=True):
    """An `AnswerRow` with its values bound, made once."""

    approved: AnswerPlan
    declined: AnswerPlan


def plans_of(
    row: AnswerRow, codes: Mapping[Reason, str], network: str, *, kind: Kind | None = None
) -> AnswerPlans:
    """Bind a row's fields to where their values come from.

    `codes` is the dialect's F39 by reason, `network` what it writes in F63.
    """
    values = VALUES | _PRIVATE.get(kind, {}) if kind else dict(VALUES)
    values["39"] = lambda _message, response: codes[response.reason]
    values["63"] = lambda _message, _response: network
    return AnswerPlans(_bound(row.approved, values), _bound(row.declined, values))


def to_fields(message: Message, response: Response, plans: AnswerPlans) -> dict[str, str]:
    """The answer's values, message type first, without F64."""
    fields = {"t": answer_mti(message.mti)}
    for name, value_of in plans.approved if response.is_approved else plans.declined:
        value = value_of(message, response)
        if value:
            fields[name] = value
    return fields


def is_request(mti: str) -> bool:
    """Whether the message type asks for an answer: its third digit is a request or advice."""
    return mti[2] in "024"


def answer_mti(mti: str) -> str:
    """The message type of the answer: the function digit one higher."""
    return f"{mti[:2]}{int(mti[2]) + 1}{mti[3]}"


def _bound(numbers: tuple[int, ...], values: Mapping[str, ValueOf]) -> AnswerPlan:
    return tuple((str(number), values[str(number)]) for number in numbers)


def _echo(name: str) -> ValueOf:
    return lambda message, _response: message.fields.get(name)


def _card(message: Message, _response: Response) -> str | None:
    return card_number(message.fields)


def _expiry(message: Message, _response: Response) -> str | None:
    return card_expiry(message.fields)


def _time(_message: Message, response: Response) -> str:
    return response.local_time[8:14]


def _date(_message: Message, response: Response) -> str:
    return response.local_time[4:8]


def _business_date(_message: Message, response: Response) -> str:
    return response.business_date[4:8]


def _acquirer(_message: Message, response: Response) -> str:
    return response.acquirer_id


def _reference(_message: Message, response: Response) -> str:
    return response.rrn


def _authorisation(_message: Message, response: Response) -> str | None:
    return response.auth_code


def _institutions(_message: Message, response: Response) -> str:
    """F44: issuer and acquirer, each filled with spaces."""
    if not response.issuer_id:
        return ""
    width = _INSTITUTION_DIGITS
    return f"{response.issuer_id:<{width}}{response.acquirer_id:<{width}}"


def _balance(_message: Message, response: Response) -> str:
    """F54: account and amount type, currency, sign, amount n12."""
    balance = response.balance
    if balance is None:
        return ""
    sign = "D" if balance.amount_minor < 0 else "C"
    currency = NUMBER_BY_CURRENCY[balance.unit]
    return f"{_BALANCE_HEAD}{currency}{sign}{abs(balance.amount_minor):012d}"


def _control(message: Message, response: Response) -> str | None:
    """F60 as it came, with the batch the host gives at a sign-on."""
    control = message.fields.get("60")
    if control is None or response.epoch is None:
        return control
    return control[: BATCH.start] + response.epoch + control[BATCH.stop :]


def _points(_message: Message, response: Response) -> str:
    """F62 of a points purchase: used n10, to pay otherwise n12, remaining n10, in ASCII."""
    text = f"{response.points_used:010d}{response.self_pay_minor:012d}"
    if response.points_balance is not None:
        text += f"{response.points_balance:010d}"
    return text.encode().hex().upper()


def _keys(_message: Message, response: Response) -> str:
    return response.key_block.hex().upper()


VALUES: Final[dict[str, ValueOf]] = {
    "2": _card,
    "3": _echo("3"),
    "4": _echo("4"),
    "11": _echo("11"),
    "12": _time,
    "13": _date,
    "14": _expiry,
    "15": _business_date,
    "25": _echo("25"),
    "32": _acquirer,
    "37": _reference,
    "38": _authorisation,
    "41": _echo("41"),
    "42": _echo("42"),
    "44": _institutions,
    "49": _echo("49"),
    "54": _balance,
    "60": _control,
}
"""Where each field of an answer comes from; F39 and F63 are bound to the dialect."""
_PRIVATE: Final[dict[Kind, dict[str, ValueOf]]] = {
    Kind.SIGN_ON: {"62": _keys},
    Kind.POINTS_REDEMPTION: {"62": _points},
}
"""F62 is each transaction's own."""
