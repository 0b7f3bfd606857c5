"""From the host's `Response` to the fields of an answer.

Which fields a kind gets is the dialect's table; where a field's value comes from is said here:
`ECHOED` from the request, made from the response by `VALUES`, or by `SHARED` from what the answers
of one moment have in common. A value that is empty leaves its field out, so an answer the switch
gives by itself (no reference, no date) needs no other rows. How they are written, again and again,
is `terminals.answering`'s.
"""

import functools
from collections.abc import Callable
from typing import Final

import msgspec

from host.model.money import NUMBER_BY_CURRENCY
from host.model.requests import Drawn, Kind, Response, ToldBesides, Totals
from host.model.responses import Reason
from terminals.codec import EncodeError
from terminals.fields import (
    ACCOUNT,
    AGREED,
    COMBINED,
    CONTROL,
    DRAWN_CARD_CHARACTERS,
    INSTITUTIONS,
    LOAD_MAX,
    NOT_AGREED,
    NOT_COMPARED,
    POINTS_EARNED,
    POINTS_LOST,
    POINTS_USED,
    TOTALS,
    TOTALS_DIGITS,
    TOTALS_HALF_DIGITS,
    Layout,
    PartTooLongError,
    digits_of,
)
from terminals.lotteries import draw_text
from terminals.message import Message
from terminals.presented import card_of
from terminals.profiles import Profile, TextIn
from terminals.spelling import first_of
from terminals.texts import organisation_and_text
from terminals.vouchers import told_text

ValueOf = Callable[[Message, Response], str | None]
SharedOf = Callable[[Response], str]
"""Of what `moment_of` looks at, and of nothing else."""

_BALANCE_HEAD: Final = "1002"
"""F54: account type 10, amount type 02 (available)."""
_ISSUER_CHARACTERS: Final = INSTITUTIONS["issuer"].stop
_BATCH: Final = CONTROL["batch"]
_CODE: Final = 39


class AnswerRow(msgspec.Struct, frozen=True):
    """The field numbers of one kind's answer, ascending, without F64."""

    approved: tuple[int, ...]
    declined: tuple[int, ...]


class AnswerPlan(msgspec.Struct, frozen=True):
    """Where the fields of one answer come from."""

    echoed: tuple[str, ...]
    made: tuple[tuple[str, ValueOf], ...]
    shared: tuple[tuple[str, SharedOf], ...]


class AnswerPlans(msgspec.Struct, frozen=True):
    """An `AnswerRow` with its values bound, made once."""

    approved: AnswerPlan
    partly: AnswerPlan
    """Of an approval of a part, whose F4 is that part and not what was asked."""
    declined: AnswerPlan


def plans_of(row: AnswerRow, profile: Profile, *, kind: Kind | None = None) -> AnswerPlans:
    """Bind a row's fields to where their values come from, in the words of a profile."""
    made = VALUES | (_PRIVATE.get(kind, {}) if kind else {})
    shared = SHARED | _worded(profile)
    approved = _with_text(row.approved, profile)
    return AnswerPlans(
        _bound(approved, made, shared),
        _bound(approved, made | _OF_PART, shared),
        _bound(_with_text(row.declined, profile), made, shared),
    )


def moment_of(response: Response) -> tuple[Reason, str, str, str, str]:
    """What many answers have in common: those of one second, one issuer and one reason."""
    return (
        response.reason,
        response.local_time,
        response.business_date,
        response.issuer_id,
        response.acquirer_id,
    )


def is_request(mti: str) -> bool:
    """Whether the message type asks for an answer: its third digit is a request or advice."""
    return mti[2] in "024"


@functools.lru_cache(maxsize=64)
def answer_mti(mti: str) -> str:
    """The message type of the answer: the function digit one higher, a repeat as its first."""
    return f"{mti[:2]}{int(mti[2]) + 1}{first_of(mti)[3]}"


def _worded(profile: Profile) -> dict[str, SharedOf]:
    """The fields whose values a profile decides, made once for each reason."""
    codes = {reason: profile.codes[reason] for reason in Reason}
    texts = {reason: profile.text_of(reason) for reason in Reason}
    values: dict[str, SharedOf] = {
        "39": lambda response: codes[response.reason],
        "59": lambda response: texts[response.reason],
        "63": lambda _response: profile.organisation,
    }
    if profile.text_in is TextIn.FIELD_63:
        whole = {r: organisation_and_text(profile.organisation, text) for r, text in texts.items()}
        values["63"] = lambda response: whole[response.reason]
    return values


def _with_text(numbers: tuple[int, ...], profile: Profile) -> tuple[int, ...]:
    """Where an answer has a code it has its text, too, if the profile has texts."""
    if profile.text_in is TextIn.NOWHERE or _CODE not in numbers:
        return numbers
    return tuple(sorted({*numbers, int(profile.text_in)}))


def _bound(
    numbers: tuple[int, ...], made: dict[str, ValueOf], shared: dict[str, SharedOf]
) -> AnswerPlan:
    names = tuple(map(str, numbers))
    assert made.keys() | shared.keys() | ECHOED >= set(names), names
    return AnswerPlan(
        echoed=tuple(name for name in names if name not in made and name not in shared),
        made=tuple((name, made[name]) for name in names if name in made),
        shared=tuple((name, shared[name]) for name in names if name in shared),
    )


def _part(_message: Message, response: Response) -> str:
    return f"{response.part_minor:012d}"


def _card(message: Message, _response: Response) -> str | None:
    return (message.card or card_of(message))[0]


def _expiry(message: Message, _response: Response) -> str | None:
    return (message.card or card_of(message))[1]


def _time(response: Response) -> str:
    return response.local_time[8:14]


def _date(response: Response) -> str:
    return response.local_time[4:8]


def _business_date(response: Response) -> str:
    return response.business_date[4:8]


def _acquirer(response: Response) -> str:
    return response.acquirer_id


def _reference(_message: Message, response: Response) -> str:
    return response.rrn


def _authorisation(_message: Message, response: Response) -> str | None:
    return response.auth_code


def _institutions(response: Response) -> str:
    """F44: issuer and acquirer, each filled with spaces."""
    if not response.issuer_id:
        return ""
    width = _ISSUER_CHARACTERS
    return response.issuer_id.ljust(width) + response.acquirer_id.ljust(width)


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
    if response.epoch is None:
        return control
    control = control or f"00{'0' * 6}{message.fields.get('70', '000')}"
    return control[: _BATCH.start] + response.epoch + control[_BATCH.stop :]


def _points(_message: Message, response: Response) -> str:
    """F62 of a points purchase: used n10, to pay otherwise n12, remaining n10, in ASCII.

    A debt, which old stored answers may hold, leaves nothing to spend: digits have no sign.
    """
    remaining = response.points_balance
    text = _digits(
        "62",
        POINTS_USED,
        used=response.points_used,
        self_pay_minor=response.self_pay_minor,
        remaining=max(remaining or 0, 0),
    )
    return _in_hexadecimal(
        text if remaining is not None else text[: POINTS_USED["remaining"].start]
    )


def _points_left(message: Message, response: Response) -> str:
    """F62 of a points inquiry: as of a points purchase, then the last day of those lost next."""
    besides = response.besides or ToldBesides()
    behind = {
        "points_next": int(besides.points_next or 0),
        "points_lost_next": besides.points_lost_next,
    }
    if response.points_balance is None:
        return _points(message, response)
    return _points(message, response) + _in_hexadecimal(_digits("62", POINTS_LOST, **behind))


def _account(_message: Message, response: Response) -> str:
    """F62 of an inquiry of value and points: each as it stands, what is held, what may be spent."""
    account = response.besides.account if response.besides is not None else None
    if account is None:
        return ""
    numbers = {name: int(getattr(account, name) or 0) for name in ACCOUNT}
    return _in_hexadecimal(_digits("62", ACCOUNT, **numbers))


def _combined(_message: Message, response: Response) -> str:
    """F62 of a combined purchase: what points paid, what is to pay otherwise, and card by card."""
    besides = response.besides or ToldBesides()
    text = _digits(
        "62",
        COMBINED,
        used=response.points_used,
        worth_minor=besides.points_worth_minor,
        self_pay_minor=response.self_pay_minor,
        remaining=max(response.points_balance or 0, 0),
        cards=len(besides.drawn),
    )
    return _in_hexadecimal(text + "".join(map(_drawn, besides.drawn)))


def _drawn(one: Drawn) -> str:
    return f"{one.card:<{DRAWN_CARD_CHARACTERS}}{one.amount_minor:012d}"


def _earned(_message: Message, response: Response) -> str:
    """F62 of points earned: earned n10, balance n10, in ASCII."""
    balance = response.points_balance
    text = _digits("62", POINTS_EARNED, earned=response.points_earned, balance=max(balance or 0, 0))
    return _in_hexadecimal(text if balance is not None else text[: POINTS_EARNED["balance"].start])


def _draw(_message: Message, response: Response) -> str:
    """F62 of a draw: what it is called, and its prize."""
    draw = response.besides.draw if response.besides is not None else None
    return draw_text(draw) if draw is not None else ""


def _load_max(_message: Message, response: Response) -> str:
    """F62 of a load verification: what can be loaded at most, n12 in ASCII."""
    if response.load_max_minor is None:
        return ""
    return _in_hexadecimal(_digits("62", LOAD_MAX, amount_minor=response.load_max_minor))


def _keys(_message: Message, response: Response) -> str:
    return response.key_block.hex().upper()


def _parameters(_message: Message, response: Response) -> str:
    return response.parameters.hex().upper()


def _totals(message: Message, response: Response) -> str:
    """F48 of a settlement: the host's totals, each half with what comparing it gave.

    An answer without totals repeats the terminal's: there is no F39 to say more than the flag.
    """
    agree = response.totals_agree
    flags = [NOT_COMPARED] * 2
    if response.is_approved:
        flags = [AGREED if half else NOT_AGREED for half in agree or (True, True)]
    if response.totals is not None:
        halves = [_half(half) for half in response.totals]
    else:
        asked = message.fields.get("48", "")
        if len(asked) != TOTALS_DIGITS:
            return ""
        size = TOTALS_HALF_DIGITS
        halves = [asked[start : start + size - 1] for start in (0, size)]
    return "".join(f"{half}{flag}" for half, flag in zip(halves, flags, strict=True))


def _half(totals: Totals) -> str:
    return _digits(
        "48",
        TOTALS,
        debit_minor=totals.debit_minor,
        debit_count=totals.debit_count,
        credit_minor=totals.credit_minor,
        credit_count=totals.credit_count,
    )


def _digits(field: str, parts: Layout, **numbers: int) -> str:
    try:
        return digits_of(parts, numbers)
    except PartTooLongError as error:
        raise EncodeError(field, str(error)) from None


def _in_hexadecimal(text: str) -> str:
    return text.encode().hex().upper()


def _voucher(_message: Message, response: Response) -> str:
    """F62 of what a voucher did: what of it was taken, and what is left."""
    told = response.besides.voucher if response.besides is not None else None
    return _in_hexadecimal(told_text(told)) if told is not None else ""


ECHOED: Final = frozenset({"3", "4", "7", "11", "25", "41", "42", "48", "49", "70", "90"})
"""Fields of an answer that are the request's own, where nothing makes them another."""
VALUES: Final[dict[str, ValueOf]] = {
    "2": _card,
    "14": _expiry,
    "37": _reference,
    "38": _authorisation,
    "54": _balance,
    "60": _control,
}
"""Where a field that is an answer's own comes from."""
_OF_PART: Final[dict[str, ValueOf]] = {"4": _part}
SHARED: Final[dict[str, SharedOf]] = {
    "12": _time,
    "13": _date,
    "15": _business_date,
    "32": _acquirer,
    "44": _institutions,
}
"""Where a field comes from that is alike in many; F39, F59 and F63 are bound to the profile."""
_PRIVATE: Final[dict[Kind, dict[str, ValueOf]]] = {
    Kind.SIGN_ON: {"62": _keys},
    Kind.POINTS_REDEMPTION: {"62": _points},
    Kind.ACCOUNT_INQUIRY: {"62": _account},
    Kind.COMBINED_PURCHASE: {"62": _combined},
    Kind.POINTS_INQUIRY: {"62": _points_left},
    Kind.POINTS_EARN: {"62": _earned},
    Kind.LOAD_VERIFICATION: {"62": _load_max},
    Kind.VOUCHER_REDEMPTION: {"62": _voucher},
    Kind.LOAD_BY_CODE: {"62": _voucher},
    Kind.LOTTERY_DRAW: {"62": _draw},
    Kind.PARAMETER_DOWNLOAD: {"62": _parameters},
    Kind.SETTLEMENT: {"48": _totals},
}
"""F48 and F62 are each transaction's own."""
