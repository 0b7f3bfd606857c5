"""Pages of a member that are no screens: the door, the pay code, a store that is paid, the PIN."""

from collections.abc import Mapping, Sequence
from typing import Any

from host.model.office import Done, Refused
from terminals.web.kept import Kept
from terminals.web.pages import rendered
from terminals.web.qr import qr_of
from terminals.web.reader import Reader
from terminals.web.shown import Row


def door(
    reader: Reader, *, phone: str = "", told: Mapping[str, Any] | None = None, **more: Any
) -> str:
    """Which phone; and the code that was sent to it."""
    said_first = more.get("said_first", "")
    return rendered(
        "me_sign_in.html", reader, phone=phone, told=told, said_first=said_first, **_refused(more)
    )


def code(reader: Reader, digits: str, seconds: int) -> str:
    """A code to pay by, as it is scanned or read out."""
    groups = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    return rendered(
        "me_code.html", reader, groups=groups, qr=qr_of(digits), seconds=seconds, code=digits
    )


def voucher_link(reader: Reader, *, done: Done | None = None, **more: Any) -> str:
    """What to press for a voucher's code; and the code."""
    qr = qr_of(done.shown_once["code"]) if done is not None else None
    return rendered("me_voucher.html", reader, done=done, qr=qr, **_refused(more))


def no_card(reader: Reader) -> str:
    """There is nothing to pay with yet."""
    return rendered("me_no_card.html", reader)


def pay(
    reader: Reader,
    *,
    cards: Sequence[Row],
    token: str,
    amount_minor: int | None,
    once_key: str,
    kept: Kept,
) -> str:
    """A store that was scanned."""
    return rendered(
        "me_pay.html",
        reader,
        cards=cards,
        token=token,
        amount_minor=amount_minor,
        once_key=once_key,
        kept=kept,
        free_minor=sum(int(row.values["free_minor"] or 0) for row in cards),
    )


def pin(
    reader: Reader, *, path: str, typed: Sequence[tuple[str, str]], what: str, refused: Refused
) -> str:
    """The pay PIN for what was asked for, which goes on as it was typed."""
    return rendered("me_pin.html", reader, path=path, typed=typed, what=what, refused=refused)


def again(
    reader: Reader, *, path: str, typed: Sequence[tuple[str, str]], what: str, refused: Refused
) -> str:
    """What nobody knows the end of: the same is sent again, under the same key."""
    return rendered("me_again.html", reader, path=path, typed=typed, what=what, refused=refused)


def set_pin(reader: Reader, *, told: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Choosing one: a code is sent first."""
    return rendered("me_set_pin.html", reader, told=told, **_refused(more))


def link(reader: Reader, address: str) -> str:
    """A gift for whoever has its link, which is shown once."""
    return rendered("me_link.html", reader, address=address, qr=qr_of(address))


def pickup_code(reader: Reader, code: str, minutes: int) -> str:
    """What a voucher is picked up by, as it is scanned at a counter."""
    return rendered("me_pickup_code.html", reader, code=code, qr=qr_of(code), minutes=minutes)


def add_card(reader: Reader, *, once_key: str, **more: Any) -> str:
    """A card by what is on it and under what covers its password."""
    return rendered("me_card.html", reader, once_key=once_key, **_refused(more))


def trouble(reader: Reader, refused: Refused, back: str) -> str:
    """What was not done, and the way back."""
    return rendered("me_trouble.html", reader, refused=refused, back=back)


def _refused(more: Mapping[str, Any]) -> dict[str, Any]:
    return {"refused": more.get("refused")}
