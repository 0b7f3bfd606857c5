"""A rule as a sentence, in English and in Chinese."""

from collections.abc import Callable, Sequence
from typing import Final

from host.house_rules.rule import ACCEPTANCE, By, HouseRule, Period, Says
from host.model.kind_words import KIND_WORDS
from host.model.money import POINTS_PREFIX, Money
from host.model.word import Word

WEEKDAYS: Final = (
    Word("Monday", "星期一"),
    Word("Tuesday", "星期二"),
    Word("Wednesday", "星期三"),
    Word("Thursday", "星期四"),
    Word("Friday", "星期五"),
    Word("Saturday", "星期六"),
    Word("Sunday", "星期日"),
)
"""From 1 on, as rules count them (ISO 8601)."""
PERIODS: Final = {
    Period.TRANSACTION: Word("in one transaction", "每笔"),
    Period.DAY: Word("a business date", "每营业日"),
    Period.MONTH: Word("a month", "每月"),
    Period.LIFE: Word("in all", "累计"),
}
SUBJECTS: Final = {
    By.CARD: Word("a card", "每卡"),
    By.MEMBER: Word("a member", "每会员"),
    By.PRODUCT: Word("a product", "每产品"),
    By.TERMINAL: Word("a terminal", "每终端"),
    By.STORE: Word("a store", "每门店"),
    By.MERCHANT: Word("a merchant", "每商户"),
    By.CATEGORY: Word("a trade", "每行业"),
}
FACETS: Final = {
    "products": Word("products", "产品"),
    "cards": Word("cards", "卡"),
    "members": Word("members", "会员"),
    "merchants": Word("merchants", "商户"),
    "stores": Word("stores", "门店"),
    "terminals": Word("terminals", "终端"),
    "categories": Word("trades", "行业"),
    "regions": Word("regions", "地区"),
    "channels": Word("channels", "渠道"),
    "goods": Word("goods", "商品"),
}


def sentence(rule: HouseRule) -> Word:
    """What it says, and where and when it does."""
    what, where = WHATS[rule.says](rule), _where(rule)
    return Word(f"{what.en}{where.en}", f"{what.zh}{where.zh}")


def _limit(rule: HouseRule) -> Word:
    period, by = PERIODS[rule.period], SUBJECTS[rule.by]
    counted = "" if rule.period is Period.TRANSACTION else f" for {by.en}"
    who = "" if rule.period is Period.TRANSACTION else by.zh
    if rule.says is Says.COUNT_MAX:
        return Word(
            f"no more than {rule.times} {period.en}{counted}",
            f"{who}{period.zh}不超过 {rule.times} 次",
        )
    amount = _amount(rule)
    return Word(
        f"no more than {amount.en} {period.en}{counted}", f"{who}{period.zh}不超过 {amount.zh}"
    )


def _least(rule: HouseRule) -> Word:
    amount = _amount(rule)
    return Word(f"no less than {amount.en}", f"每笔不少于 {amount.zh}")


def _balance(rule: HouseRule) -> Word:
    amount = _amount(rule)
    return Word(f"no more than {amount.en} on a card", f"每卡余额不超过 {amount.zh}")


def _acceptance(rule: HouseRule) -> Word:
    return {
        Says.DENY: Word("not accepted", "不受理"),
        Says.ONLY: Word("accepted only", "仅限受理"),
        Says.ALLOW: Word("accepted all the same", "例外受理"),
    }[rule.says]


WHATS: Final[dict[Says, Callable[[HouseRule], Word]]] = {
    Says.AMOUNT_MAX: _limit,
    Says.COUNT_MAX: _limit,
    Says.AMOUNT_MIN: _least,
    Says.BALANCE_MAX: _balance,
    **dict.fromkeys(ACCEPTANCE, _acceptance),
}


def _amount(rule: HouseRule) -> Word:
    if rule.unit.startswith(POINTS_PREFIX):
        return Word(f"{rule.amount_minor:,} points", f"{rule.amount_minor:,} 积分")
    amount = str(Money(rule.amount_minor, rule.unit))
    return Word(amount, amount)


def _where(rule: HouseRule) -> Word:
    parts = [
        Word(f"{FACETS[name].en} {_listed(among)}", f"{FACETS[name].zh} {_listed(among)}")
        for name, among in (*rule.who, *rule.place)
    ]
    if rule.kinds:
        kinds = [KIND_WORDS[kind] for kind in sorted(rule.kinds)]
        parts.append(_together("kinds ", "交易 ", kinds))
    if rule.is_registered is not None:
        parts.append(
            Word("registered cards", "记名卡")
            if rule.is_registered
            else Word("anonymous cards", "不记名卡")
        )
    if rule.weekdays:
        days = [WEEKDAYS[day - 1] for day in sorted(rule.weekdays)]
        parts.append(_together("", "", days))
    if rule.time_from or rule.time_until:
        clock = f"{rule.time_from or '0000'}-{rule.time_until or '2400'}"
        parts.append(Word(clock, clock))
    if not parts:
        return Word("", "")
    en, zh = "; ".join(one.en for one in parts), "; ".join(one.zh for one in parts)
    return Word(f" ({en})", f" ({zh})")


def _together(en: str, zh: str, names: Sequence[Word]) -> Word:
    return Word(en + ", ".join(one.en for one in names), zh + "、".join(one.zh for one in names))


def _listed(among: frozenset[int] | frozenset[str]) -> str:
    return ", ".join(map(str, sorted(among)))
