"""COUNTER: what pages at a counter say: the seat's, and the clerk's on a phone."""

from collections.abc import Mapping
from typing import Final

from terminals.web.text import Text

COUNTER: Final[Mapping[str, Text]] = {
    "seat": Text("Seat", "座席"),
    "seat_none": Text(
        "There is no seat of your stores at this front. Who runs the house makes one: posswitch"
        " keys seat TERMINAL.",
        "本机尚无您门店的座席。请系统管理员执行: posswitch keys seat 终端号。",
    ),
    "seat_free": Text("free", "空闲"),
    "seat_mine": Text("you sit here", "您正在使用"),
    "seat_in_use": Text("in use by", "使用中:"),
    "seat_sit": Text("Sit down", "开机"),
    "seat_go_on": Text("Go on", "继续"),
    "seat_taken": Text(
        "Somebody else sits there. They leave it, or a manager takes it over.",
        "该座席正被他人使用, 请其关机, 或由店长接管。",
    ),
    "seat_on": Text("signed on", "已签到"),
    "seat_off": Text("not signed on yet", "未签到"),
    "seat_batch": Text("batch", "批次"),
    "seat_trace": Text("trace", "凭证号"),
    "seat_counter": Text("Counter", "收款"),
    "seat_void": Text("Void", "撤销"),
    "seat_refund": Text("Refund", "退货"),
    "seat_complete": Text("Complete a hold", "预授权完成"),
    "seat_paid": Text("Paid by members", "会员付款"),
    "seat_paid_nothing": Text("Nobody has paid by the store's code yet.", "暂无会员扫门店码付款。"),
    "seat_held": Text("held", "已冻结"),
    "seat_completed": Text("completed", "已完成"),
    "seat_day": Text("Settle", "结算"),
    "seat_leave": Text("Leave the seat", "关机离开"),
    "seat_amount_label": Text("Amount", "金额"),
    "seat_presented": Text("Card, payment code, phone or voucher", "卡号 / 付款码 / 手机号 / 券码"),
    "seat_presented_hint": Text(
        "Scan, swipe or type it. Never a PIN: its holder shows a payment code instead.",
        "扫码、刷卡或输入。请勿输入密码: 需密码的卡请持卡人出示付款码。",
    ),
    "seat_more": Text(
        "More: order number, points first, load by a code", "更多: 订单号, 积分抵扣, 兑换码充值"
    ),
    "seat_points_first": Text("Points pay first", "先用积分抵扣"),
    "seat_second": Text("Code that is put onto the card", "充值兑换码"),
    "seat_order": Text("Order number", "订单号"),
    "seat_order_wrong": Text(
        "An order number is up to 32 letters and digits without spaces, and no card number.",
        "订单号为至多 32 位字母数字, 不含空格, 也不能是卡号。",
    ),
    "seat_last": Text("Done last", "最近交易"),
    "seat_nothing": Text("Nothing was done in this batch yet.", "本批次暂无交易。"),
    "seat_time": Text("Time", "时间"),
    "seat_card": Text("Card", "卡号"),
    "seat_outcome": Text("Outcome", "结果"),
    "seat_operator": Text("Operator", "操作员"),
    "seat_merchant_id": Text("Merchant", "商户号"),
    "seat_terminal_id": Text("Terminal", "终端号"),
    "seat_auth": Text("Code", "授权码"),
    "seat_signature": Text("Signature", "持卡人签名"),
    "seat_total": Text("Total", "应付合计"),
    "seat_sent": Text("under way", "处理中"),
    "seat_approved": Text("approved", "成功"),
    "seat_partly": Text("a part approved", "部分承兑"),
    "seat_declined": Text("declined", "拒绝"),
    "seat_doubt": Text("not known yet", "结果未知"),
    "seat_undone": Text("reversed", "已冲正"),
    "seat_stands": Text("it stands: the house refused its reversal", "交易成立, 冲正被拒"),
    "seat_taken_back": Text("taken back", "已撤销"),
    "seat_sent_head": Text("Under way", "处理中"),
    "seat_sent_text": Text("Wait. Do not take the money twice.", "请稍候, 请勿重复收款。"),
    "seat_doubt_head": Text("Not known yet: do not take it twice", "结果未知, 请勿重复收款"),
    "seat_doubt_text": Text(
        "The answer was lost. The seat reverses it by itself until the house has answered, and says"
        " so here. Meanwhile nothing else is traded at it.",
        "应答丢失, 座席正在自动冲正, 结果明确后本页会显示。在此之前不能进行其他交易。",
    ),
    "seat_doubt_load": Text(
        "The answer was lost. You have the cash: the seat confirms the load by itself until the"
        " house has answered, and says so here. Meanwhile nothing else is traded at it.",
        "应答丢失, 现金已收: 座席正在自动确认, 结果明确后本页会显示。在此之前不能进行其他交易。",
    ),
    "seat_cash_back": Text(
        "Nothing was put onto the card: give the cash back.", "未充值, 请退还现金。"
    ),
    "seat_tries": Text("tries:", "已尝试:"),
    "seat_undone_head": Text("Reversed: nothing was taken", "已冲正, 未扣款"),
    "seat_undone_text": Text(
        "The card was not charged. It may be sold once more.", "持卡人未被扣款, 可重新收款。"
    ),
    "seat_no_answer": Text("No answer", "无应答"),
    "seat_again": Text("Once more", "重新收款"),
    "seat_next": Text("Next customer", "下一笔"),
    "seat_print": Text("Print", "打印"),
    "seat_rest": Text("Still to pay", "余款"),
    "seat_partly_text": Text("A part is paid, of", "已付一部分, 合计"),
    "seat_cash": Text("Cash", "现金"),
    "seat_another": Text("Another card", "另一张卡"),
    "seat_cancel": Text("Take all of it back", "全部取消"),
    "seat_which": Text("Another one", "选择交易"),
    "seat_none_of_these": Text("There is nothing that can be.", "没有可选的交易。"),
    "seat_no": Text("Leave it", "返回"),
    "seat_settle": Text("Settle this batch", "结算本批次"),
    "seat_settled": Text("Settled: batch", "已结算批次"),
    "seat_agrees": Text("The totals agree", "账平"),
    "seat_differs": Text("The totals differ: all entries were sent", "账不平, 明细已上送"),
    "seat_debit": Text("Sales", "消费类"),
    "seat_credit": Text("Given back and loaded", "退款及充值类"),
    "seat_points_debit": Text("Points spent", "积分支出"),
    "seat_points_credit": Text("Points given", "积分发放"),
    "seat_uploaded": Text("Entries sent", "上送笔数"),
    "seat_not_over": Text(
        "Its end was not answered: settle once more.", "结算结束未获应答, 请再次结算。"
    ),
    "seat_busy": Text(
        "Something is under way at this seat. Wait for it.", "本座席有交易正在处理, 请稍候。"
    ),
    "seat_instead": Text(
        "What you asked for was not sent, for this one was still open.",
        "您刚提交的交易未发送: 当时下面这一笔尚未结束。",
    ),
    "seat_shared_22": Text(
        "That sale cannot be used: it is undone, used or too old already",
        "原交易不能再办: 已撤销、已使用或超出天数",
    ),
    "seat_shared_57": Text(
        "This card or voucher is not good for that, or not here",
        "此卡或券不能办理该交易, 或不适用于本店",
    ),
    "seat_shared_62": Text("This card or voucher is stopped", "此卡或券已停用或被占用"),
    "seat_unreached": Text(
        "The switch does not answer: nothing was sent. Try again in a moment.",
        "交换系统无应答, 交易未发送, 请稍后再试。",
    ),
    "seat_unkept": Text(
        "It could not be written down, so it was not sent. The disk may be full.",
        "无法保存, 交易未发送。请检查磁盘空间。",
    ),
    "seat_undone_back_head": Text("Reversed: it was not taken back", "已冲正, 撤销未生效"),
    "seat_undone_back_text": Text(
        "The sale stands as it was. It may be taken back once more.", "原交易仍然有效, 可再次撤销。"
    ),
    "seat_batch_other": Text(
        "The house has another batch as this seat's: settle first.", "批次不一致, 请先结算。"
    ),
    "seat_not_voided": Text("That is not to be voided.", "该交易不可撤销。"),
    "seat_undone_before": Text("That was taken back before.", "该交易已撤销或已退货。"),
    "seat_settled_before": Text(
        "Its batch is settled: refund it instead.", "所在批次已结算, 请办理退货。"
    ),
    "seat_not_refunded": Text("That is not to be refunded.", "该交易不可退货。"),
    "seat_not_completed": Text("Nothing is held by that any more.", "该预授权不可完成。"),
    "seat_over_left": Text(
        "No more than is left of it can be given back.", "退货金额超过可退余额。"
    ),
    "seat_over_limit": Text(
        "That is above what you may give back: a store manager does it.",
        "超出您的退货限额, 请店长办理。",
    ),
    "seat_amount_wrong": Text("That is no amount.", "金额有误。"),
    "seat_unread": Text(
        "That is no card, payment code, phone or voucher: scan it again.",
        "无法识别, 请重新扫描或输入。",
    ),
    "seat_present": Text("Scan or type what is presented.", "请扫描或输入卡号、付款码或券码。"),
    "seat_amount": Text("Type the amount.", "请输入金额。"),
    "seat_no_button": Text("Choose what is to be done.", "请选择交易类型。"),
    "seat_phone_pays_not": Text(
        "A phone number pays nothing: its holder shows a payment code.",
        "手机号不能付款, 请会员出示付款码。",
    ),
    "seat_load_what": Text("A load needs a card or a phone number.", "充值需要卡号或手机号。"),
    "seat_load_code": Text(
        "That is no code: type one under More, or leave it empty for cash.",
        "充值兑换码有误, 请在“更多”中重新输入; 现金充值请留空。",
    ),
    "seat_card_needed": Text("That needs a card.", "该交易需要卡号。"),
    "seat_advice_14": Text("Scan it again, or ask for another card.", "请重新扫描, 或换一张卡。"),
    "seat_advice_51": Text(
        "Ask for another card, or a part of it.", "请换一张卡, 或改付部分金额。"
    ),
    "seat_advice_54": Text("Ask for another card, or a new code.", "请换一张卡或刷新付款码。"),
    "seat_advice_55": Text(
        "This card needs its PIN, which is never typed here: its holder shows a payment code.",
        "此卡需要密码, 座席不能输入: 请持卡人出示付款码。",
    ),
    "seat_advice_57": Text("Ask for another card.", "请换一张卡。"),
    "seat_advice_58": Text("It is not taken at this store.", "本店不受理。"),
    "seat_advice_65": Text("Too often: wait a quarter of an hour.", "次数过多, 请十五分钟后再试。"),
    "seat_advice_75": Text("The card is locked: another card.", "密码超限, 卡已锁, 请换一张卡。"),
    "seat_advice_77": Text("Settle this batch first.", "请先结算本批次。"),
    "seat_advice_91": Text("Try again in a moment.", "请稍后再试。"),
    "seat_advice_98": Text("Nothing has moved. Try again.", "未发生任何变动, 请重试。"),
    "seat_advice_A0": Text("The seat signs on anew. Try again.", "座席将重新签到, 请重试。"),
    "points_unit": Text("points", "分"),
    "told_left_minor": Text("Left on the card", "卡上余额"),
    "told_rest_minor": Text("To pay besides", "另付"),
    "told_value_minor": Text("Value", "余额"),
    "told_held_minor": Text("Held", "占用"),
    "told_spendable_minor": Text("To spend", "可用余额"),
    "told_worth_minor": Text("Paid by points", "积分抵扣"),
    "told_earned": Text("Points earned", "获得积分"),
    "told_balance": Text("Points now", "积分余额"),
    "told_used": Text("Points used", "使用积分"),
    "told_remaining": Text("Points left", "剩余积分"),
    "told_points": Text("Points", "积分"),
    "told_points_spendable": Text("Points to spend", "可用积分"),
    "told_voucher_left": Text("Left of the voucher", "券剩余次数"),
    "clerk": Text("Redeem a voucher", "核销"),
    "stores_silent": Text("stores have sold nothing for an hour", "家门店一小时内无交易"),
    "clerk_store": Text("Store", "门店"),
    "clerk_code": Text("Voucher or pick-up code", "券码 / 提货码"),
    "clerk_hint": Text(
        "Scan it with a scanner or the camera, or type it.", "扫码枪、摄像头扫码, 或手工输入。"
    ),
    "clerk_camera": Text("Scan with the camera", "摄像头扫码"),
    "clerk_look": Text("Look", "查券"),
    "clerk_no_code": Text("Scan or type a code.", "请扫描或输入券码。"),
    "clerk_valid_to": Text("valid until", "有效至"),
    "clerk_here": Text("taken in this store", "本店可用"),
    "clerk_more": Text("What is sold for it", "商品与金额 (选填)"),
    "clerk_goods": Text("Article", "商品编号"),
    "clerk_amount": Text("Amount of the sale", "消费金额"),
    "clerk_redeem": Text("Redeem", "核销"),
    "clerk_redeemed": Text("redeemed", "已核销"),
    "pickups": Text("To be picked up", "自提队列"),
    "no_pickups": Text("Nobody comes to pick up anything.", "暂无预约自提。"),
    "clerk_waits": Text("Waits for a review", "等待复核"),
    "clerk_waits_text": Text(
        "A manager of the store or the merchant agrees to it, or says why not. Then it stands in"
        " your list.",
        "店长或商户人员复核后生效, 结果见今日我的。",
    ),
    "clerk_reviews": Text("What waits", "待复核"),
    "clerk_reviewed": Text("It will wait for a review.", "此券核销须复核。"),
    "clerk_wait": Text("Do not hand over yet.", "请稍候, 暂勿交付。"),
    "clerk_not_done": Text("Not redeemed", "未核销"),
    "clerk_not_done_text": Text(
        "It was used or stopped a moment ago. Scan it again.",
        "刚刚已被使用或停用, 请重新扫码查看。",
    ),
    "clerk_undone": Text("taken back", "已撤销"),
    "clerk_next": Text("Next one", "下一张"),
    "clerk_undo": Text("Undo", "撤销"),
    "clerk_today": Text("Mine today", "今日我的"),
    "clerk_none": Text("Nothing was redeemed today.", "今日还没有核销。"),
}
