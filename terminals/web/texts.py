"""TEXTS: what pages say by themselves, in English and in Chinese.

What views, actions, fields and states are called stands in the office's words; here is the rest.
"""

from collections.abc import Mapping
from typing import Final

from terminals.web.counter_texts import COUNTER
from terminals.web.text import LANGUAGES, Language, Text

__all__ = ["LANGUAGES", "TEXTS", "Language", "Text", "said"]

TEXTS: Final[Mapping[str, Text]] = {
    "house": Text("posswitch", "posswitch 积分收单"),
    "skip": Text("Skip to the content", "跳到正文"),
    "home": Text("Home", "首页"),
    "menu": Text("Menu", "菜单"),
    "everything": Text("All pages", "全部功能"),
    "back": Text("Back", "返回"),
    "last_night": Text("The last night", "最近一次清算"),
    "nothing_waits": Text("Nothing waits for you.", "没有待您复核的事项。"),
    "how_decided": Text("How it was decided", "如何判定"),
    "what_moved": Text("What it moved", "分录与价值"),
    "since_then": Text("What became of it", "后续与清算"),
    "beside": Text("What hangs on it", "相关"),
    "history": Text("History", "操作历史"),
    "no_history": Text("Nothing was done to it here.", "暂无操作记录。"),
    "confirm": Text("Confirm", "确认"),
    "dispute": Text("Dispute rows", "提异议"),
    "dispute_ticked": Text("Dispute what is ticked", "对所选提异议"),
    "why_disputed": Text("Why", "异议理由"),
    "tick": Text("Tick", "选择"),
    "lines_csv": Text("Lines as CSV", "明细 CSV"),
    "run_night": Text("Run the night", "跑批"),
    "day_before": Text("The day before", "前一营业日"),
    "against_before": Text("Against the day before", "与前一营业日比较"),
    "change": Text("change", "变化"),
    "not_begun": Text("Nothing is taken of this night yet.", "尚未跑批。"),
    "still_to_come": Text("still to come", "未到"),
    "is_running": Text("It is run now, since", "正在跑批, 始于"),
    "what_blocks": Text("What blocks the release", "放行前须处理"),
    "nothing_blocks": Text("Nothing that is listed here is open.", "此处所列均已处理。"),
    "to_be_paid": Text("To be paid", "应付"),
    "type_total": Text("Type the total to be paid", "请输入应付总额"),
    "release_by_another": Text(
        "Somebody else than who ran it releases it; a code is asked for.",
        "须由未跑批的另一人放行, 并需动态口令。",
    ),
    "release_now": Text("Release", "放行"),
    "waits_for_you": Text("It waits for you", "待我复核"),
    "asked_by_you": Text("Asked for by you", "我申请的"),
    "none_of_yours": Text("You have asked for nothing that waits.", "没有等待中的申请。"),
    "all_of_them": Text("All of them, also those that are decided", "全部, 含已处理"),
    "time_left": Text("left", "剩"),
    "approve": Text("Agree", "同意"),
    "refuse": Text("Refuse", "驳回"),
    "why_refused": Text("Why it is refused", "驳回理由"),
    "given_back": Text("given back of earlier ones", "前期扣款退回"),
    "no_store": Text("no store", "未归门店"),
    "by_store": Text("By store", "按门店"),
    "not_paid_yet": Text("Nothing is paid of it yet.", "尚未付款。"),
    "nobody_disputes": Text("Nobody disputes a row of it.", "没有异议。"),
    "sign_in": Text("Sign in", "登录"),
    "sign_out": Text("Sign out", "退出"),
    "login": Text("Login", "登录名"),
    "password": Text("Password", "密码"),
    "code": Text("One-time code", "动态口令"),
    "code_hint": Text("Empty where there is none yet.", "尚未启用时留空。"),
    "accept": Text("Take up an invitation", "接受邀请"),
    "invitation": Text("Invitation", "邀请码"),
    "new_password": Text("New password", "新密码"),
    "accepted": Text("Your password is set. Sign in with it.", "密码已设置, 请登录。"),
    "switch_grant": Text("Use this grant", "切换身份"),
    "other_language": Text("中文", "English"),
    "platform": Text("the platform", "平台"),
    "find": Text("Find", "查找"),
    "find_hint": Text(
        "RRN, STAN@terminal, card, phone, order, batch, merchant, date; press / to get here",
        "流水号、STAN@终端、卡号、手机、订单、批次、商户、营业日; 按 / 聚焦",
    ),
    "found_nothing": Text(
        "Nothing is found by this under the grant in use. An RRN or STAN@terminal can be, a card's"
        " number, a phone, an order, a batch, a merchant, store or terminal, a date.",
        "当前身份下未找到。可查流水号、STAN@终端、卡号、手机号、订单号、批次、商户、门店、终端、"
        "营业日。",
    ),
    "found": Text("Found", "查找结果"),
    "filter": Text("Show", "筛选"),
    "clear": Text("All", "全部"),
    "any": Text("any", "不限"),
    "yes": Text("yes", "是"),
    "no": Text("no", "否"),
    "more": Text("Next page", "下一页"),
    "rows": Text("rows", "行"),
    "no_rows": Text("No rows are found by this.", "没有符合条件的记录。"),
    "needs_one": Text("Say one of these first:", "请先填写其中一项:"),
    "export": Text("As CSV", "导出 CSV"),
    "actions": Text("Actions", "操作"),
    "where_from": Text("Where it comes from", "来历"),
    "holder": Text("Whose it is", "归属"),
    "nothing_happened": Text("Nothing of that yet.", "尚无记录。"),
    "others_may": Text("Others may do this now", "现可由他人办理"),
    "hidden_soon": Text("This page goes away by itself in seconds:", "本页自动离开, 秒数:"),
    "hide": Text("Hide it now", "立即隐藏"),
    "tabs": Text("Its records", "相关记录"),
    "whole_list": Text("Open as a list, to filter it", "打开列表并筛选"),
    "not_by": Text("not", "不能是"),
    "no_cards_yet": Text("No card of it is made yet.", "还没有卡, 生成后在此列出。"),
    "export_ticked": Text("Export those ticked", "导出所选"),
    "needed": Text("needed", "必填"),
    "one_a_line": Text("One a line.", "每行一个。"),
    "in_money": Text("In yuan, as 1234.50.", "单位: 元, 例 1234.50。"),
    "moment_hint": Text("As 2026-12-31T18:00:00+08:00.", "例 2026-12-31T18:00:00+08:00。"),
    "send": Text("Do it", "提交"),
    "rehearse": Text("Say what it would change", "预演"),
    "waits_hint": Text("It may wait for a second person.", "可能需他人复核。"),
    "code_for": Text("Type the code of your app for this:", "请输入用于下列操作的动态口令:"),
    "type_again": Text(
        "What is never shown has to be typed again, just as before.", "保密内容请原样再次输入。"
    ),
    "done": Text("Done", "已完成"),
    "rehearsed": Text("Only looked at: nothing is kept", "仅预演, 未保存"),
    "waiting": Text("It waits for another person", "已提交复核"),
    "approval": Text("Approval", "复核编号"),
    "until": Text("Until", "截止"),
    "before": Text("before", "之前"),
    "after": Text("after", "之后"),
    "what": Text("what", "内容"),
    "shown_once": Text(
        "This is shown once, and kept nowhere. Write it down now.", "仅显示一次, 请立即记录。"
    ),
    "refused": Text("Not done", "未办理"),
    "not_found": Text("There is no such page for this grant.", "当前身份下没有此页面。"),
    "stale_form": Text(
        "This form is not one of this sign-in: nothing was done. Open it anew.",
        "表单已失效, 未办理。请重新打开。",
    ),
    "too_often": Text("That was too often. Wait a minute.", "操作过于频繁, 请一分钟后再试。"),
    "too_large": Text("That is too large: nothing was done.", "内容过大, 未办理。"),
    "host_away": Text(
        "The host cannot be asked now: nothing was done. Try again in a moment.",
        "主机不可用, 未办理。请稍后再试。",
    ),
    "in_doubt": Text(
        "It is not known whether it was done. Send the same form again: it is done once.",
        "结果未知。可再次提交同一表单, 只会办理一次。",
    ),
    "enrol_first": Text("One-time codes are needed before anything else.", "请先启用动态口令。"),
    "go_on": Text("Go on", "继续"),
    "api": Text("The API", "开放接口"),
    "api_hint": Text(
        "What programs send and are told, by the grant in use: each row of these pages, as JSON."
        " The bearer is the key of an API client.",
        "程序可调用的接口, 按当前身份列出: 每个查询与操作均以 JSON 提供, 以接口客户端的密钥调用。",
    ),
    "api_codes": Text("Codes of refusals", "拒绝代码"),
    "api_code": Text("code", "代码"),
    "api_name": Text("name", "名称"),
    "api_kind": Text("kind", "类型"),
    "api_sent": Text("What is sent", "请求"),
    "api_told": Text("Columns", "返回列"),
    "nothing_to_see": Text(
        "Nothing is to be seen or done under this grant yet.", "该身份下暂无可查看或办理的内容。"
    ),
    **COUNTER,
}


def said(text: str, language: Language) -> str:
    """In the language of who reads."""
    row = TEXTS[text]
    return row.zh if language == "zh" else row.en
