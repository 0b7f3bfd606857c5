"""A rule says itself in either language, and nothing of the other stands in it."""

import re
from dataclasses import replace
from typing import Any

import pytest

from host.house_rules.rule import By, HouseRule, Period, Says
from host.house_rules.sentence import PERIODS, SUBJECTS, sentence
from host.model.requests import Kind

PLAIN = HouseRule(id=1, version=1, name="r", says=Says.AMOUNT_MAX, amount_minor=10_000, unit="CNY")
CODES = re.compile(r"CNY|[A-Z0-9:.,-]+")


def with_all(says: Says, period: Period, by: By) -> HouseRule:
    return replace(
        PLAIN,
        says=says,
        period=period,
        by=by,
        times=3,
        kinds=frozenset(kind.value for kind in Kind),
        who=(("products", frozenset({7})),),
        is_registered=False,
        weekdays=frozenset(range(1, 8)),
        time_from="0800",
    )


@pytest.mark.parametrize("says", Says)
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("by", SUBJECTS)
@pytest.mark.parametrize("unit", ["CNY", "P:CITY"])
def test_each_rule_is_said_in_chinese_and_in_english(
    says: Says, period: Period, by: By, unit: str
) -> None:
    said = sentence(replace(with_all(says, period, by), unit=unit))
    assert re.search("[A-Za-z_]", CODES.sub("", said.zh)) is None, said.zh
    assert re.search("[\u4e00-\u9fff]", said.en) is None, said.en
    assert "_" not in said.en


@pytest.mark.parametrize(
    ("change", "en", "zh"),
    [
        (
            {"kinds": frozenset({"purchase", "void"}), "weekdays": frozenset({6, 7})},
            "no more than 100.00 CNY in one transaction (kinds purchase, void; Saturday, Sunday)",
            "每笔不超过 100.00 CNY (交易 消费、撤销; 星期六、星期日)",
        ),
        (
            {"unit": "P:CITY", "period": Period.DAY},
            "no more than 10,000 points a business date for a card",
            "每卡每营业日不超过 10,000 积分",
        ),
    ],
)
def test_kinds_days_and_points_go_by_their_names(change: dict[str, Any], en: str, zh: str) -> None:
    said = sentence(replace(PLAIN, **change))
    assert (said.en, said.zh) == (en, zh)
