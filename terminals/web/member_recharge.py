"""Value comes onto a member's card: by the code of a paper voucher, or in cash at a counter."""

from collections.abc import Mapping
from typing import Any, Final

from host.model.member_codes import code_of
from terminals.web.member_parts import LIVE_SECONDS, MINE, WALLET_PART, usable
from terminals.web.qr import qr_of
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

DIGITS_TOGETHER: Final = 4


def _loading(_reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    """The card that is named, or the first that pays; and its member's code."""
    cards = usable(parts.get("wallet"))
    named = [row for row in cards if str(row.values["id"]) == given.get("card")]
    card = next(iter([*named, *cards]), None)
    code = code_of(int(card.values["id"])) if card is not None else ""
    groups = [code[at : at + DIGITS_TOGETHER] for at in range(0, len(code), DIGITS_TOGETHER)]
    came = parts.get("came")
    return {
        "cards": cards,
        "card": card,
        "code": code,
        "groups": " ".join(groups),
        "qr": qr_of(code) if code else None,
        "came": came.rows if came is not None else (),
    }


RECHARGE: Final = Screen(
    id="me_recharge",
    path="/me/recharge",
    en="Load a card",
    zh="充值",
    template="me_recharge.html",
    roles=MINE,
    asks=("card",),
    parts={
        "wallet": WALLET_PART,
        "came": Part(view="my_moves", filters={"direction": "in"}, rows_max=5),
    },
    arrange=_loading,
    live_seconds=LIVE_SECONDS,
)
