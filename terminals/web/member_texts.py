"""OF_MEMBERS: what pages say where a member loads a card, and reads what came and went."""

from collections.abc import Mapping
from typing import Final

from terminals.web.text import Text

OF_MEMBERS: Final[Mapping[str, Text]] = {
    "recharge": Text("Load a card", "充值"),
    "onto_card": Text("Onto which card", "充到哪张卡"),
    "by_port": Text("Over the phone", "手机充值"),
    "for_phone": Text("For which phone", "充给 (手机号)"),
    "for_phone_hint": Text("Empty: the card above.", "留空则充到上面的卡。"),
    "sums": Text("How much", "金额"),
    "pay_over": Text("Pay by WeChat", "微信支付"),
    "simulated": Text("simulated", "模拟"),
    "payment_to_pay": Text("Waiting for the payment", "等待支付"),
    "payment_paid": Text(
        "Paid. It is being put onto the card: do not pay again.",
        "已付款, 充值处理中, 请勿再次支付。",
    ),
    "payment_loaded": Text("It is on the card", "已充入"),
    "payment_unpaid": Text("It was not paid", "未支付, 订单已关闭"),
    "payment_refunding": Text("It is being given back", "退款中"),
    "payment_refunded": Text("It was given back", "已退款"),
    "paid_beside": Text("What was paid more went back.", "多付的款项已退回。"),
    "play": Text("Play what becomes of it", "模拟支付结果"),
    "port_asked": Text(
        "The port is asked again by itself. Nothing has to be done twice.",
        "系统会自动向支付渠道查询, 无需重复操作。",
    ),
    "my_payments": Text("Payments", "支付单"),
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
    "my_stores": Text("Stores near me", "附近门店"),
    "my_profile": Text("My profile", "我的资料"),
    "district": Text("District, street or name", "区域, 街道或店名"),
    "my_place": Text("Near me", "使用我的位置"),
    "nearest_first": Text("The nearest first.", "由近到远。"),
    "navigate": Text("On a map", "导航"),
    "no_stores": Text("No store is found by this.", "没有符合条件的门店。"),
    "more_stores": Text("There are more: type where.", "门店较多, 请输入区域缩小范围。"),
    "my_mail": Text("Letters", "信件"),
    "unread_mail": Text("not read yet", "封未读信件"),
    "no_mail": Text("No letter yet.", "还没有信件。"),
    "write_to": Text("Write to them", "写信反馈"),
    "write_mail": Text("Write a letter", "写信"),
    "to_whom": Text("To whom", "写给"),
    "to_issuer_or_platform": Text(
        "The card's issuer, or the platform where no card is named",
        "所选卡的发卡方; 未选卡则为平台",
    ),
    "about_card": Text("About which card", "关于哪张卡"),
    "about_no_card": Text("About none", "不涉及卡"),
    "the_platform": Text("The platform", "平台"),
    "to_them": Text("To", "致"),
    "from_them": Text("From", "来自"),
    "mail_topic": Text("What it is", "类别"),
    "mail_title": Text("Title", "标题"),
    "mail_text": Text("Text", "正文"),
    "mail_new": Text("new", "未读"),
    "mail_read": Text("Read", "标为已读"),
    "mail_drop": Text("Delete", "删除"),
    "mail_answer": Text("Answer", "回信"),
    "mail_privacy": Text(
        "Read by whom you write to, and by nobody else.", "仅收信方可以阅读, 其他任何人都看不到。"
    ),
    "their_answer": Text("Your answer", "回信内容"),
    "pick_up": Text("Pick up", "到店自提"),
    "show_pickup": Text("Show the code", "出示提货码"),
    "pickup_off": Text("Call it off", "取消"),
    "which_voucher": Text("Which voucher", "哪张券"),
    "where_pickup": Text("Where", "门店"),
    "when_pickup": Text("In how long", "多久后到店"),
    "minutes": Text("minutes", "分钟"),
    "ask_pickup": Text("Tell the store", "预约"),
    "nothing_to_pick_up": Text("There is no voucher to pick up by.", "没有可自提的券。"),
    "pickup_code": Text("Code to pick up by", "提货码"),
    "pickup_code_hint": Text(
        "Show it at the counter. It is good once, for", "到店出示, 一次有效, 有效"
    ),
    "my_name": Text("What I am called", "昵称"),
    "keep_name": Text("Keep it", "保存"),
    "change_pay_pin": Text("Choose another pay PIN", "修改支付密码"),
    "member_code": Text("Member's code", "会员码"),
    "other_card": Text("Show the code of this card", "显示此卡的会员码"),
    "came_in": Text("What came onto your cards", "最近入账"),
    "nothing_came": Text("Nothing has come yet.", "还没有入账。"),
    "nothing_moved": Text("Nothing is found by this.", "没有符合条件的收支。"),
}
