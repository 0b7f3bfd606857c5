"""The pages of a member, made for a phone: what they have, gave and got, and how it went.

What is done on them goes to `/me/do/ACTION`, where the pay PIN is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from terminals.web.member_mail import MAIL
from terminals.web.member_parts import LIVE_SECONDS, MINE, WALLET_PART, to_use, usable
from terminals.web.member_recharge import PAYMENT, RECHARGE
from terminals.web.member_stores import PROFILE, STORES
from terminals.web.pickups_page import OWN
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

PAY_CODE: Final = "pay_code"
"""The page that shows one."""
DONE_SECONDS: Final = 1.0
UNDER_WAY: Final = frozenset({"waiting", "running", "stopping"})
BACK_FROM: Final[Mapping[str, str]] = {
    "lottery.draw": "/me/lottery",
    "points.convert": "/me/points",
    "gift.send": "/me/gifts",
    "load.code": "/me/recharge",
}
"""Where what became of an action is seen."""
ASKED: Final = ("direction", "event", "since", "until")
"""What the list of what came and went is filtered by."""


class Prize(NamedTuple):
    """What may be won: by how many of a hundred draws, and how many are left; None: no end."""

    name: str
    kind: str
    odds: str
    left: str | None


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(int(row.values.get(name) or 0) for row in rows)


def _wallet(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    wallet = parts.get("wallet")
    cards = usable(wallet)
    gifts, vouchers = parts.get("gifts"), parts.get("vouchers")
    beside = {row.values["id"] for row in vouchers.rows} if vouchers is not None else set()
    held = wallet.rows if wallet is not None else ()
    return {
        "cards": [row for row in held if row.values["id"] not in beside],
        "free_minor": _sum(cards, "free_minor"),
        "points": _sum(cards, "points"),
        "waits": gifts.rows if gifts is not None else (),
        "vouchers": to_use(vouchers),
        "unread": len(_rows(parts, "unread")),
    }


def _giving(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    gifts = parts.get("gifts")
    return {"cards": usable(parts.get("wallet")), "gifts": gifts.rows if gifts is not None else ()}


def _went(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    job = parts["job"].first
    state = job.values["state"] if job is not None else ""
    back = BACK_FROM.get(str(job.values["action"]), "/me") if job is not None else "/me"
    return {
        "job": job,
        "back": back,
        "is_under_way": state in UNDER_WAY,
        "is_done": state == "done",
    }


def _lots(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    programmes: dict[str, Row] = {}
    for row in _rows(parts, "points"):
        programmes.setdefault(str(row.values["programme"]), row)
    cards = usable(parts.get("wallet"))
    offered = [
        row
        for row in _rows(parts, "rates")
        if row.values["in_force"] and row.values["from_programme"] in programmes
    ]
    return {"cards": cards, "programmes": programmes, "rates": offered}


def _drawing(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    cards = [row for row in usable(parts.get("wallet")) if row.values.get("points")]
    lotteries = _rows(parts, "lotteries")
    return {
        "cards": cards,
        "lotteries": [(row, _prizes(row)) for row in lotteries],
        "draws": _rows(parts, "draws"),
    }


def _prizes(lottery: Row) -> Sequence[Prize]:
    """As they are told: code, odds, kind, how much where it is of an amount, name."""
    left = dict(one.split(" ") for one in lottery.values.get("stock_left") or ())
    told = [one.split(" ") for one in lottery.values.get("prizes") or ()]
    return [
        Prize(
            " ".join(rest[1:] if rest[:1] and rest[0].isdigit() else rest),
            kind,
            odds,
            left.get(code),
        )
        for code, odds, kind, *rest in told
    ]


def _rows(parts: Parts, name: str) -> Sequence[Row]:
    part = parts.get(name)
    return part.rows if part is not None else ()


WALLET: Final = Screen(
    id="me",
    path="/me",
    en="Wallet",
    zh="卡包",
    template="me_wallet.html",
    roles=MINE,
    parts={
        "wallet": WALLET_PART,
        "gifts": Part(view="my_gifts", filters={"direction": "waits"}),
        "vouchers": Part(view="vouchers"),
        "moves": Part(view="my_moves", rows_max=5),
        "unread": Part(view="my_mails", filters={"unread": "true"}),
        "adverts": Part(view="adverts", filters={"shown_at": "member_home"}),
    },
    arrange=_wallet,
    live_seconds=LIVE_SECONDS,
)
GIFTS: Final = Screen(
    id="me_gifts",
    path="/me/gifts",
    en="Gifts",
    zh="赠送",
    template="me_gifts.html",
    roles=MINE,
    asks=("link",),
    parts={"wallet": WALLET_PART, "gifts": Part(view="my_gifts", goes_on="after")},
    arrange=_giving,
)
USAGES: Final = Screen(
    id="me_usages",
    path="/me/usages",
    en="What came and went",
    zh="交易记录",
    template="me_usages.html",
    roles=MINE,
    asks=tuple(ASKED),
    parts={
        "moves": Part(
            view="my_moves", filters={name: f"{{{name}}}" for name in ASKED}, goes_on="after"
        )
    },
)
PAID: Final = Screen(
    id="me_paid",
    path="/me/paid",
    en="Just paid",
    zh="最新付款",
    template="me_paid.html",
    roles=MINE,
    parts={"usages": Part(view="usages", rows_max=1)},
    live_seconds=LIVE_SECONDS,
)
POINTS: Final = Screen(
    id="me_points",
    path="/me/points",
    en="Points",
    zh="积分",
    template="me_points.html",
    roles=MINE,
    parts={"wallet": WALLET_PART, "points": Part(view="points"), "rates": Part(view="rates")},
    arrange=_lots,
)
LOTTERY: Final = Screen(
    id="me_lottery",
    path="/me/lottery",
    en="Lottery",
    zh="抽奖",
    template="me_lottery.html",
    roles=MINE,
    parts={
        "wallet": WALLET_PART,
        "lotteries": Part(view="lotteries", rows_max=20),
        "draws": Part(view="draws", rows_max=20),
    },
    arrange=_drawing,
)
WENT: Final = Screen(
    id="me_done",
    path="/me/done/{job}",
    en="What became of it",
    zh="办理结果",
    template="me_done.html",
    roles=MINE,
    parts={"job": Part(view="jobs", filters={"id": "{job}"}, needs=frozenset({"id"}))},
    is_about="job",
    arrange=_went,
    live_seconds=DONE_SECONDS,
)
MEMBER_SCREENS: Final = (
    WALLET,
    GIFTS,
    USAGES,
    PAID,
    POINTS,
    LOTTERY,
    RECHARGE,
    PAYMENT,
    STORES,
    PROFILE,
    MAIL,
    OWN,
    WENT,
)
