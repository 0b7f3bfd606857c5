"""A rule as a sentence, in English and in Chinese."""

from collections.abc import Callable
from typing import Final, NamedTuple

from host.house_rules.rule import ACCEPTANCE, By, HouseRule, Period, Says
from host.model.money import POINTS_PREFIX, Money


class Said(NamedTuple):
    """One thing in two languages."""

    en: str
    zh: str


PERIODS: Final = {
    Period.TRANSACTION: Said("in one transaction", "每笔"),
    Period.DAY: Said("a business date", "每营业日"),
    Period.MONTH: Said("a month", "每月"),
    Period.LIFE: Said("in all", "累计"),
}
SUBJECTS: Final = {
    By.CARD: Said("a card", "每卡"),
    By.MEMBER: Said("a member", "每会员"),
    By.PRODUCT: Said("a product", "每产品"),
    By.TERMINAL: Said("a terminal", "每终端"),
    By.STORE: Said("a store", "每门店"),
    By.MERCHANT: Said("a merchant", "每商户"),
    By.CATEGORY: Said("a trade", "每行业"),
}
FACETS: Final = {
    "products": Said("products", "产品"),
    "cards": Said("cards", "卡"),
    "members": Said("members", "会员"),
    "merchants": Said("merchants", "商户"),
    "stores": Said("stores", "门店"),
    "terminals": Said("terminals", "终端"),
    "categories": Said("trades", "行业"),
    "regions": Said("regions", "地区"),
    "channels": Said("channels", "渠道"),
    "goods": Said("goods", "商品"),
}


def sentence(rule: HouseRule) -> Said:
    """What it says, and where and when it does."""
    what, where = WHATS[rule.says](rule), _where(rule)
    return Said(f"{what.en}{where.en}", f"{what.zh}{where.zh}")


def _limit(rule: HouseRule) -> Said:
    period, by = PERIODS[rule.period], SUBJECTS[rule.by]
    counted = "" if rule.period is Period.TRANSACTION else f" for {by.en}"
    who = "" if rule.period is Period.TRANSACTION else by.zh
    if rule.says is Says.COUNT_MAX:
        return Said(
            f"no more than {rule.times} {period.en}{counted}",
            f"{who}{period.zh}不超过 {rule.times} 次",
        )
    amount = _amount(rule)
    return Said(f"no more than {amount} {period.en}{counted}", f"{who}{period.zh}不超过 {amount}")


def _least(rule: HouseRule) -> Said:
    return Said(f"no less than {_amount(rule)}", f"每笔不少于 {_amount(rule)}")


def _balance(rule: HouseRule) -> Said:
    return Said(f"no more than {_amount(rule)} on a card", f"每卡余额不超过 {_amount(rule)}")


def _acceptance(rule: HouseRule) -> Said:
    return {
        Says.DENY: Said("not accepted", "不受理"),
        Says.ONLY: Said("accepted only", "仅限受理"),
        Says.ALLOW: Said("accepted all the same", "例外受理"),
    }[rule.says]


WHATS: Final[dict[Says, Callable[[HouseRule], Said]]] = {
    Says.AMOUNT_MAX: _limit,
    Says.COUNT_MAX: _limit,
    Says.AMOUNT_MIN: _least,
    Says.BALANCE_MAX: _balance,
    **dict.fromkeys(ACCEPTANCE, _acceptance),
}


def _amount(rule: HouseRule) -> str:
    if rule.unit.startswith(POINTS_PREFIX):
        return f"{rule.amount_minor:,} points"
    return str(Money(rule.amount_minor, rule.unit))


def _where(rule: HouseRule) -> Said:
    parts = [
        Said(f"{FACETS[name].en} {_listed(among)}", f"{FACETS[name].zh} {_listed(among)}")
        for name, among in (*rule.who, *rule.place)
    ]
    if rule.kinds:
        kinds = _listed(rule.kinds)
        parts.append(Said(f"kinds {kinds}", f"交易 {kinds}"))
    if rule.is_registered is not None:
        parts.append(
            Said("registered cards", "记名卡")
            if rule.is_registered
            else Said("anonymous cards", "不记名卡")
        )
    if rule.weekdays:
        days = _listed(rule.weekdays)
        parts.append(Said(f"weekdays {days}", f"星期 {days}"))
    if rule.time_from or rule.time_until:
        clock = f"{rule.time_from or '0000'}-{rule.time_until or '2400'}"
        parts.append(Said(clock, clock))
    if not parts:
        return Said("", "")
    en, zh = "; ".join(one.en for one in parts), "; ".join(one.zh for one in parts)
    return Said(f" ({en})", f" ({zh})")


def _listed(among: frozenset[int] | frozenset[str]) -> str:
    return ", ".join(map(str, sorted(among)))
