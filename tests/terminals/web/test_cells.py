"""What a value reads like: no code of ours where there is a word for it."""

from unittest.mock import patch

import pytest

from config.language import Language, speech
from config.tasks.office_words import shown as shown_at_a_shell
from terminals.web.cells import shown


def test_what_is_one_role_is_called_by_its_name_and_points_are_read_by_their_thousands() -> None:
    assert shown("role", "store_clerk", "zh") == "店员"
    assert shown("points", 2649, "zh") == shown("cost_points", 2649, "en") == "2,649"
    assert shown("card", 2649, "en") == "2649", "a number that names something is no amount"


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("service@issuer/48882900", "客服 · 发卡方/48882900", "Customer service · issuer/48882900"),
        ("sun service@issuer/4", "sun 客服 · 发卡方/4", "sun Customer service · issuer/4"),
        ("platform_admin@platform", "平台管理员 · 平台", "Platform administrator · platform"),
        ("service@store.example", "service@store.example", "service@store.example"),
        ("at_issue", "发分时结算", "when points are given out"),
    ],
)
def test_a_role_and_where_it_is_held_are_said_in_words(value, chinese, english) -> None:
    assert (shown("acting_as", value, "zh"), shown("acting_as", value, "en")) == (chinese, english)


@pytest.mark.parametrize(
    ("unit", "english", "chinese"),
    [
        ("CNY", "CNY", "CNY"),
        ("P:CITY", "points CITY", "积分 CITY"),
        ("G:", "goods or entries", "件次"),
        ("S:", "stamps", "印花"),
    ],
)
def test_what_amounts_are_in_is_told_in_words(unit: str, english: str, chinese: str) -> None:
    assert (shown("unit", unit, "en"), shown("unit", unit, "zh")) == (english, chinese)
    with patch.object(speech, "language", Language.CHINESE):
        assert shown_at_a_shell("unit", unit) == chinese
