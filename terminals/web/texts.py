"""TEXTS: what pages say by themselves, in English and in Chinese.

What views, actions, fields and states are called stands in the office's words; here is the rest.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class Text(NamedTuple):
    """One thing said."""

    en: str
    zh: str


TEXTS: Final[Mapping[str, Text]] = {
    "house": Text("posswitch", "posswitch 积分收单"),
    "skip": Text("Skip to the content", "跳到正文"),
    "home": Text("Home", "首页"),
    "menu": Text("Menu", "菜单"),
    "everything": Text("All pages", "全部功能"),
    "back": Text("Back", "返回"),
    "last_night": Text("The last night", "最近一次清算"),
    "nothing_waits": Text("Nothing waits for you.", "没有待您复核的事项。"),
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
        "Merchant, terminal, batch, date, login; press / to get here",
        "商户号、终端号、批次、营业日、登录名; 按 / 聚焦",
    ),
    "found_nothing": Text(
        "Nothing is found by this here. A card's number or a phone is typed into the filter of its"
        " own list, which keeps it out of the address.",
        "当前身份下未找到。卡号和手机号请在相应列表的筛选框中输入, 不会出现在网址中。",
    ),
    "member_sign_in": Text("Sign in with your phone", "会员登录"),
    "phone": Text("Phone", "手机号"),
    "phone_code": Text("Code from your phone", "短信验证码"),
    "send_code": Text("Send me a code", "获取验证码"),
    "code_sent": Text(
        "A code is on its way. It is good for five minutes.", "验证码已发送, 五分钟内有效。"
    ),
    "another_code": Text("Leave it empty to have another sent.", "留空提交可重新获取。"),
    "new_phone": Text(
        "A phone that is new here becomes a member.", "首次登录的手机号将自动注册为会员。"
    ),
    "simulated": Text("simulated", "模拟"),
    "pay_pin": Text("Pay PIN", "支付密码"),
    "set_pay_pin": Text("Choose a pay PIN", "设置支付密码"),
    "new_pay_pin": Text("Six digits", "六位数字"),
    "pay_pin_why": Text(
        "It is asked for whenever you pay or give. A code comes to your phone first.",
        "付款和赠送时需要支付密码。设置前先向您的手机发送验证码。",
    ),
    "keep_pin": Text("Keep it", "确定"),
    "forgot_pin": Text("Forgotten?", "忘记密码"),
    "later": Text("Later", "以后再说"),
    "cancel": Text("Cancel", "取消"),
    "hello": Text("My wallet", "我的卡包"),
    "cards": Text("cards", "张卡"),
    "points": Text("points", "分"),
    "pay_code": Text("Pay code", "付款码"),
    "give": Text("Give", "赠送"),
    "gift_for_you": Text("A gift for you", "送给您的礼物"),
    "somebody": Text("Somebody", "好友"),
    "gives_you": Text("gives you", "送您"),
    "open_gift": Text("Open", "去收下"),
    "held": Text("held", "占用中"),
    "as_gifts": Text("given, not claimed yet", "赠送待领取"),
    "no_card": Text("There is no card yet.", "还没有可用的卡。"),
    "add_card": Text("Add a card", "添加卡"),
    "vouchers": Text("Vouchers", "券"),
    "last_paid": Text("Last paid", "最近付款"),
    "code_is_good": Text("Once, for", "一次有效,"),
    "seconds": Text("seconds", "秒"),
    "another": Text("Another", "换一个"),
    "first_to_expire_pays": Text("What ends first pays first.", "先到期的先扣。"),
    "pay_store": Text("Pay this store", "付款给商家"),
    "amount": Text("Amount in yuan", "金额 (元)"),
    "there_is": Text("You have", "可用"),
    "pay": Text("Pay", "付款"),
    "under_way": Text("It is being done", "确认中"),
    "do_not_repeat": Text(
        "Do not do it again: this page will say.", "请勿重复操作, 结果将显示在此页。"
    ),
    "nothing_paid": Text("Nothing was paid yet.", "还没有交易。"),
    "gift_by_link": Text("Somebody gave you this link.", "您通过链接收到一份礼物。"),
    "claim": Text("Claim", "收下"),
    "decline": Text("Decline", "婉拒"),
    "withdraw": Text("Withdraw", "撤回"),
    "claim_needs_card": Text("It needs a card to come onto.", "收下前需要一张卡。"),
    "to_phone": Text("To which phone", "送给 (手机号)"),
    "no_phone_is_link": Text("Empty: a link for whoever has it.", "留空则生成领取链接。"),
    "from_card": Text("From which card", "从哪张卡"),
    "wish": Text("Wish", "祝福语"),
    "from_name": Text("From (a name)", "署名"),
    "send_gift": Text("Give", "送出"),
    "gift_comes_back": Text(
        "What nobody claims in time comes back by itself.", "逾期未领将自动退回。"
    ),
    "gift_link": Text("The gift's link", "领取链接"),
    "given_and_got": Text("Given and got", "收到与送出"),
    "no_gifts": Text("No gifts yet.", "还没有收到或送出的礼物。"),
    "card_number": Text("Number on the card", "卡号"),
    "card_password": Text("Activation password", "激活密码"),
    "own_phone": Text("Your phone", "您的手机号"),
    "can_spend": Text("to spend", "可用"),
    "pending": Text("later", "待生效"),
    "next_expiry": Text("some end on", "最近到期"),
    "no_points": Text("There are no points yet.", "还没有积分。"),
    "convert": Text("Convert", "兑换"),
    "how_many": Text("How many", "兑换数量"),
    "at_rate": Text("at", "汇率"),
    "no_lottery": Text("There is no lottery now.", "暂无抽奖活动。"),
    "draw_once": Text("Draw for", "抽一次:"),
    "each": Text("a draw", "/ 次"),
    "prizes": Text("Prizes", "奖品"),
    "left": Text("left", "剩余"),
    "commitment": Text("Committed to before the first draw", "承诺值 (首抽前公布)"),
    "verify": Text("Verify", "验证"),
    "my_draws": Text("My draws", "我的抽奖"),
    "no_draws": Text("Nothing was drawn yet.", "还没有抽过。"),
    "needs_points": Text("It takes a card with points.", "需要有积分的卡。"),
    "check": Text("Check it yourself", "查验"),
    "trace": Text("Where a card or voucher went", "卡券流转查询"),
    "voucher_number": Text("Number or code", "卡号或券码"),
    "look_up": Text("Look", "查询"),
    "not_traced": Text(
        "Nothing is known by this number, or it was asked too often.",
        "未查到, 或查询过于频繁。",
    ),
    "lotteries": Text("Lotteries", "抽奖活动"),
    "rates": Text("Rates between points", "积分汇率"),
    "directory": Text("Who is in which alliance", "联盟企业名册"),
    "not_a_proof": Text("Its file cannot be read.", "验证文件无法读取。"),
    "not_as_frozen": Text("It was not drawn as it was frozen", "与锁定内容不一致"),
    "as_committed": Text(
        "Every draw is as it was committed to before the first.", "与承诺一致, 每一次抽奖均可复算。"
    ),
    "seed_later": Text(
        "The list is unbroken. Draws can be recomputed once the seed is told, after",
        "名单链完整。种子公布后可逐笔复算, 截止",
    ),
    "drawn": Text("Draws", "抽奖次数"),
    "proof_file": Text("Its file", "下载验证文件"),
    "prove_elsewhere": Text("Prove it on a machine of your own:", "在自己的电脑上复核:"),
    "lots": Text("Whence, and until when", "来源与到期"),
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
    "nothing_to_see": Text(
        "Nothing is to be seen or done under this grant yet.", "该身份下暂无可查看或办理的内容。"
    ),
}


def said(text: str, language: Language) -> str:
    """In the language of who reads."""
    row = TEXTS[text]
    return row.zh if language == "zh" else row.en
