"""STARTS: what a form is opened with by who does not begin from nothing: a template is a row.

Each is of an action and stands on the list of what that makes. It holds what would be typed, and
decides nothing: whoever opens it changes what is not theirs, and the office looks at it as at any
other form. What no rule of the house can say, such as a birthday, has none.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from terminals.web import links
from terminals.web.reader import Reader


class Start(NamedTuple):
    """One row."""

    action: str
    en: str
    zh: str
    en_for: str
    zh_for: str
    """What it is for, in a sentence."""
    typed: Mapping[str, str]
    """By the action's fields, as they would be typed in Chinese; names are those of the row."""


def _rule(en: str, zh: str, en_for: str, zh_for: str, **typed: str) -> Start:
    return Start("rule.save", en, zh, en_for, zh_for, typed)


def _sheet(en: str, zh: str, en_for: str, zh_for: str, **typed: str) -> Start:
    return Start("sheet.save", en, zh, en_for, zh_for, typed)


def _earn(en: str, zh: str, en_for: str, zh_for: str, **typed: str) -> Start:
    return Start("earn_rule.save", en, zh, en_for, zh_for, typed)


STARTS: Final[Mapping[str, tuple[Start, ...]]] = {
    "rules": (
        _rule(
            "Picked up in these regions only", "限地区提货",
            "Vouchers and cards are taken in the regions that are named, and nowhere else.",
            "只在指定地区受理, 他处一律不受理。",
            says="only", regions="上海",
        ),
        _rule(
            "So much a day", "每日限额",
            "A card pays no more than an amount on one business date.",
            "每张卡每个营业日累计不超过一个金额。",
            says="amount_max", amount_minor="1000.00", period="day", counted_by="card",
        ),
        _rule(
            "So often a month", "每月限次",
            "A member buys no more often than so many times a month.",
            "每位会员每月不超过若干次。",
            says="count_max", times="10", period="month", counted_by="member",
        ),
        _rule(
            "From an amount on", "满额可用",
            "Nothing below an amount is taken.",
            "单笔达到一个金额才受理。",
            says="amount_min", amount_minor="50.00",
        ),
        _rule(
            "No more on a card that is nobody's", "不记名卡余额上限",
            "A card that is bound to nobody holds no more than an amount.",
            "不记名卡余额不超过一个金额。",
            says="balance_max", amount_minor="1000.00", is_registered="false",
        ),
        _rule(
            "Weekends only", "仅周末可用",
            "Nothing is taken from Monday to Friday.",
            "周一至周五不受理。",
            says="deny", weekdays="1\n2\n3\n4\n5",
        ),
        _rule(
            "Not at night", "夜间停用",
            "Nothing is taken between two hours, past midnight too.",
            "在两个时刻之间不受理, 可跨午夜。",
            says="deny", time_from="2300", time_until="0600",
        ),
        _rule(
            "Not for these goods", "指定商品除外",
            "Goods that a till names by these codes are not paid with the card.",
            "终端报来的这些商品代码不可用卡支付。",
            says="deny", goods="TOBACCO",
        ),
    ),
    "earn_rules": (
        _earn(
            "Double at weekends", "周末双倍",
            "What is earned counts twice on Saturdays and Sundays.",
            "周六、周日所得积分翻倍。",
            rule="WEEKEND", times="2", weekdays="6\n7",
        ),
        _earn(
            "So many more from an amount on", "满额加赠",
            "A sale from an amount on earns a fixed number of points beside its own.",
            "单笔达到一个金额, 另赠固定积分。",
            rule="FROM200", amount_min_minor="200.00", bonus="100",
        ),
        _earn(
            "Three times on these goods", "指定商品三倍",
            "Goods that a till names by these codes earn three times.",
            "终端报来的这些商品代码按三倍累积。",
            rule="GOODS3", times="3", goods="COFFEE",
        ),
        _earn(
            "So many a day at most", "每日封顶",
            "What a card earns on one business date ends at a number.",
            "每张卡每个营业日所得积分到一个数为止。",
            rule="DAILY", points_max_day="500",
        ),
    ),
    "sheets": (
        _sheet(
            "A4, 3 x 8", "A4 3×8",
            "24 on a sheet, 70 x 37 mm, as labels are sold.",
            "每页 24 张, 70×37 毫米, 与市售不干胶标签同。",
            layout="a4-3x8",
        ),
        _sheet(
            "Business card", "名片",
            "10 on a sheet, 86 x 54 mm, as a card is.",
            "每页 10 张, 86×54 毫米, 与卡片同大。",
            layout="a4-2x5",
        ),
        _sheet(
            "One a page", "单张",
            "One on a page, 180 x 85 mm, to be given by itself.",
            "每页一张, 180×85 毫米, 单独交付。",
            layout="single",
        ),
    ),
}  # fmt: skip
"""By the view on whose list they stand."""


class Offered(NamedTuple):
    """One, for who reads."""

    name: str
    what_for: str
    link: str


def offered(reader: Reader, view: str) -> list[Offered]:
    """Those that may be begun with; each is filled with whose the grant in use is."""
    found = []
    for one in STARTS.get(view, ()):
        action = reader.actions.get(one.action)
        if action is None or reader.catalogue is None:
            continue
        is_chinese, grant = reader.language == "zh", reader.catalogue.grant
        fields = {field.name for field in action.fields}
        owner = {grant.scope: grant.at} if grant.scope in fields and grant.at else {}
        name = reader.named(one)
        typed = {**owner, "name": name, **one.typed, "back": reader.here}
        told = one.zh_for if is_chinese else one.en_for
        found.append(Offered(name, told, links.to_action(one.action, typed)))
    return found
