"""OF_MEMBERS: what pages say where a member loads a card, and reads what came and went."""

from collections.abc import Mapping
from typing import Final

from terminals.web.text import Text

OF_MEMBERS: Final[Mapping[str, Text]] = {
    "recharge": Text("Load a card", "充值"),
    "onto_card": Text("Onto which card", "充到哪张卡"),
    "by_code": Text("By a code", "兑换码"),
    "by_code_hint": Text(
        "As it is printed on the paper voucher, or scan it.", "输入或扫描纸质券上的兑换码。"
    ),
    "load_it": Text("Put it onto the card", "充入"),
    "by_cash": Text("In cash at a store", "到店交现金"),
    "by_cash_hint": Text(
        "Show this code at the counter. The cash appears below as soon as it is taken. Nothing can"
        " be paid by this code.",
        "到店出示会员码, 店员录入后金额会显示在下方。此码不能用于付款。",
    ),
    "member_code": Text("Member's code", "会员码"),
    "other_card": Text("Show the code of this card", "显示此卡的会员码"),
    "came_in": Text("What came onto your cards", "最近入账"),
    "nothing_came": Text("Nothing has come yet.", "还没有入账。"),
    "nothing_moved": Text("Nothing is found by this.", "没有符合条件的收支。"),
}
