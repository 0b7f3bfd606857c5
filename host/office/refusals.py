"""REFUSALS: everything the office says no with, by codes that stay what they are.

What an action alone refuses with stands beside what all have in common. A sentence says what is the
matter here; `{...}` in it is filled by who refuses. `posswitch explain` tells why, and what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from host.model.office import Refused
from host.office.words import word_of

NAMED: Final = frozenset({"state", "what"})
"""Of what is put into a sentence: what WORDS has a word for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalKind:
    """One row."""

    code: str
    en: str
    zh: str
    why: str
    next: str


class Refusal(Exception):  # noqa: N818 - it is an answer, as a decline is one
    """An action or a view is refused. What was written on the way is undone, unless it is kept."""

    def __init__(
        self,
        kind: RefusalKind,
        *,
        field: str | None = None,
        is_kept: bool = False,
        now: Mapping[str, object] | None = None,
        **words: object,
    ) -> None:
        """`field` is the value that is wrong; `now` what the subject says today."""
        told = {"field": field, **words}
        super().__init__(kind.en.format(**_in("en", told)))
        self.kind = kind
        self.field = field
        self.is_kept = is_kept
        self.now = dict(now or {})
        self.zh = kind.zh.format(**_in("zh", told))

    @property
    def code(self) -> str:
        """Of its row."""
        return self.kind.code


def _in(language: str, told: Mapping[str, object]) -> dict[str, object]:
    """What is put into a sentence: of what has a name in either language, such as a role, that."""
    return {
        name: getattr(word_of(each) if name in NAMED and isinstance(each, str) else each,
                      language, each)
        for name, each in told.items()
    }  # fmt: skip


def told_of(refusal: Refusal) -> Refused:
    """As it crosses the link."""
    return Refused(
        code=refusal.code, en=str(refusal), zh=refusal.zh, field=refusal.field, now=refusal.now
    )


NOT_FOUND: Final = RefusalKind(
    code="E-NOT-FOUND",
    en="there is no {what} of that name here",
    zh="未找到该{what}",
    why="it does not exist, or it is outside of the grant in use: both are told alike",
    next="check the number; look whether another grant of yours is meant",
)
NOT_YOUR_ROLE: Final = RefusalKind(
    code="E-NOT-YOUR-ROLE",
    en="the grant in use ({role}) may not do or see this",
    zh="当前身份({role})无此权限",
    why="each action and view names the roles that it is for",
    next="use another grant of yours, or ask who may: posswitch show grants",
)
NOT_OPENED_HERE: Final = RefusalKind(
    code="E-NOT-OPENED-HERE",
    en="this is not done in this house: {setting} is 0",
    zh="本系统未开通此功能({setting} 为 0)",
    why="a setting of the office opens it, and two people set that",
    next="if it is to be done here: posswitch setting set SETTING --figure 1",
)
SIGNED_OUT: Final = RefusalKind(
    code="E-SIGNED-OUT",
    en="nobody is signed in here, or the session has ended",
    zh="未登录或登录已失效",
    why="a session ends by itself when nothing was asked for a while, and with every change of the "
    "person's password or state",
    next="posswitch sign-in",
)
SIGN_IN: Final = RefusalKind(
    code="E-SIGN-IN",
    en="login, password or one-time code is not right",
    zh="账号或密码不正确",
    why="one text for everything that keeps a person out, so that nobody can try what is there; "
    "after five wrong ones a login is shut for a quarter of an hour",
    next="wait a quarter of an hour, or ask an administrator for person.reset",
)
NO_GRANT: Final = RefusalKind(
    code="E-NO-GRANT",
    en="no grant of yours is in force now",
    zh="没有生效的授权, 请联系管理员",
    why="what a person may do stands in grants, and those have an end",
    next="ask an administrator for person.grant",
)
ENROL: Final = RefusalKind(
    code="E-ENROL",
    en="a one-time code of your own is needed first",
    zh="请先启用动态口令",
    why="who works here proves who they are by a password and a code of their phone",
    next="do totp.enrol, scan what it shows, and do it again with the code",
)
STEP_UP: Final = RefusalKind(
    code="E-STEP-UP",
    en="a one-time code is needed: {words}",
    zh="需要二次验证: {words_zh}",
    why="this action asks for a code beside the password, bound to what is about to be done",
    next="repeat it with the code that your app shows now, within five minutes",
)
WRONG_CODE: Final = RefusalKind(
    code="E-WRONG-CODE",
    en="the one-time code is not right",
    zh="口令不正确",
    why="a code is good once, for half a minute, for one action: whether it was wrong, used or "
    "late is not told",
    next="wait for the next code; after five tries begin anew",
)
OUT_OF_RANGE: Final = "a number or a day is larger than can be kept, or a text is none"
"""What is told of a field where the database alone could say so."""
FIELD: Final = RefusalKind(
    code="E-FIELD",
    en="{field}: {problem}",
    zh="{field}: {problem}",
    why="the value is not of the kind that the field takes",
    next="correct the field that is named",
)
STATE: Final = RefusalKind(
    code="E-STATE",
    en="its state is {state}: that cannot be done",
    zh="状态为 {state}, 不能操作",
    why="what may follow on a state stands in a table, and this does not",
    next="look at it: it may have been done already",
)
CHANGED: Final = RefusalKind(
    code="E-CHANGED",
    en="someone has changed it meanwhile",
    zh="数据已被他人修改",
    why="what you saw is no longer what is there; nothing was done",
    next="look at what it says now, and do it again if it is still meant",
)
ONCE: Final = RefusalKind(
    code="E-ONCE",
    en="this form was sent before with other values",
    zh="该表单已用其他内容提交过",
    why="one form is done once; the same form again has the same answer, another needs a new one",
    next="open the form anew",
)
TOO_MANY: Final = RefusalKind(
    code="E-TOO-MANY",
    en="too many requests at a time",
    zh="操作过于频繁, 请稍候",
    why="the office stands beside trade, and takes no more of the machine than its share",
    next="wait a moment, and ask again",
)
TOO_LARGE: Final = RefusalKind(
    code="E-TOO-LARGE",
    en="what was sent is larger than is taken ({bytes_max} bytes)",
    zh="提交内容过大(最多 {bytes_max} 字节)",
    why="a form has room for so much",
    next="send less at a time",
)
REQUEST: Final = RefusalKind(
    code="E-REQUEST",
    en="this is no request that can be answered: its address, its Host or its length is wrong",
    zh="请求无法受理: 地址、Host 或长度有误",
    why="Host is localhost or a name in [web] names, an address a path or a whole one of that name;"
    " a body says its length in one way",
    next="ask for it by a name of the house; who runs it adds others to [web] names",
)
METHOD: Final = RefusalKind(
    code="E-METHOD",
    en="this address is asked in another way: Allow says how",
    zh="该地址不支持此方法: 见 Allow",
    why="a view is looked at by GET or POST, an action done by POST; HTTP has other methods",
    next="send it again by a method that the answer names in Allow",
)
AWAY: Final = RefusalKind(
    code="E-HOST-AWAY",
    en="what keeps or posts it is not reachable, nothing was done",
    zh="主机不可用, 未做任何操作",
    why="what cannot be kept is not done",
    next="posswitch doctor; then do it again",
)
CERTIFICATE: Final = RefusalKind(
    code="E-CERTIFICATE",
    en="this role comes only with a certificate, and none was shown",
    zh="该身份须出示客户端证书, 未出示",
    why="the settings of the web front name roles that come with a certificate of its authority",
    next="install the certificate file that who runs the house gives out, open the browser anew",
)
BAD_ROW: Final = RefusalKind(
    code="E-BAD",
    en="line {line} of the ledger's export is the first that is not as it was sealed: {what}",
    zh="第 {line} 行与摘要不符",
    why="somebody has changed what was posted, or the signature of a checkpoint",
    next="posswitch audit says which row it is; keep a copy of the database as it is now",
)
IN_DOUBT: Final = RefusalKind(
    code="E-IN-DOUBT",
    en="it is not known whether it was done",
    zh="结果未知, 请以同一表单重试",
    why="the connection to the database was lost while it was being kept",
    next="send the same form again: what was done is not done twice",
)
FAULT: Final = RefusalKind(
    code="E-OFFICE-FAULT",
    en="the office has a fault of its own, and nothing was done",
    zh="系统内部错误, 未做任何操作",
    why="nobody who asked did anything wrong; the log has the whole story",
    next="send the log's traceback and posswitch --version",
)
SAME_PERSON: Final = RefusalKind(
    code="E-SAME-PERSON",
    en="someone else must do this: you {did} it",
    zh="须由另一人操作",
    why="asker and approver, maker and opener are different people",
    next="ask another person with the right",
)
STALE: Final = RefusalKind(
    code="E-STALE",
    en="what was asked for has changed since: it has to be asked anew",
    zh="对象已变化, 请重新申请",
    why="who approves agrees to what was there when it was asked",
    next="look at it as it is, and ask again",
)
EXPIRED: Final = RefusalKind(
    code="E-EXPIRED",
    en="it was open until {until}",
    zh="已于 {until} 过期",
    why="what waits for a second person, and what is sent as a link, does not wait for ever",
    next="ask anew",
)
CONFLICT: Final = RefusalKind(
    code="E-CONFLICT",
    en='it does not go with the role "{role}" of the same person: {why}',
    zh='与"{role}"角色不相容',
    why="some things never lie in one pair of hands",
    next="give it to another person, or end the other grant first",
)
SCOPE: Final = RefusalKind(
    code="E-SCOPE",
    en="you cannot give what you do not hold yourself",
    zh="不能授予自己没有的范围",
    why="a grant is given by a role that may, inside of the giver's own scope",
    next="ask an administrator of the wider scope",
)
OWN: Final = RefusalKind(
    code="E-OWN",
    en="nobody does this to themselves",
    zh="不能给自己授权",
    why="rights are given, reset and taken by another person",
    next="ask another administrator",
)
LAST: Final = RefusalKind(
    code="E-LAST",
    en="the last administrator stays",
    zh="最后一位管理员不能收回",
    why="nobody could give rights any more",
    next="make another platform administrator first",
)
LOGIN: Final = RefusalKind(
    code="E-LOGIN",
    en="that login is taken",
    zh="该登录名已被使用",
    why="a login is one person's, everywhere",
    next="choose another",
)
OWNS: Final = RefusalKind(
    code="E-OWNS",
    en="the person is responsible for {what}: hand it over first",
    zh="名下有{what}, 请先移交",
    why="what has a responsible person keeps one",
    next="name the person whom it goes to",
)
OLD: Final = RefusalKind(
    code="E-OLD",
    en="the old password is not right",
    zh="原密码不正确",
    why="who changes a password proves to know the old one",
    next="type it again; an administrator can reset it",
)
PASSWORD: Final = RefusalKind(
    code="E-PASSWORD",
    en="that password is too easy: {problem}",
    zh="密码过于简单: {problem}",
    why="it has ten characters or more, is not among the common ones and does not contain the "
    "login",
    next="choose another: three words that nobody else would put together are good",
)
INVITATION: Final = RefusalKind(
    code="E-INVITATION",
    en="this invitation is not good any more",
    zh="邀请链接无效或已过期",
    why="it is good once, for a day",
    next="ask who invited you for person.reset",
)
VISIT: Final = RefusalKind(
    code="E-VISIT",
    en="this link is not good any more",
    zh="链接无效或已过期",
    why="a link into the demo is good once, for a quarter of an hour, on the machine that runs it",
    next="posswitch links makes others",
)
ID: Final = RefusalKind(
    code="E-ID",
    en="{what} {key} is there already",
    zh="{key} 已存在",
    why="a number names one",
    next="choose another number, or edit the one that is there",
)
RECORD: Final = RefusalKind(
    code="E-NO-HOLDER",
    en="it is a merchant's or an issuer's own record of member {holder}",
    zh="这是会员 {holder} 在商户或发卡方的自有档案",
    why="cards are bound to the holder of a phone; a record of them that others keep has none",
    next="name the member that is told",
)
UNTRACED: Final = RefusalKind(
    code="E-UNTRACED",
    en="nothing is told of this number",
    zh="未查到此号码",
    why="it is none of ours or is not whole, or too many were asked for from there: whoever "
    "guesses is not told which",
    next="type it again as it is printed; then wait a minute",
)
PREFIX: Final = RefusalKind(
    code="E-PREFIX",
    en="the card prefix overlaps that of issuer {other}",
    zh="卡段与 {other} 重叠",
    why="the beginning of a card number says whose card it is",
    next="choose a prefix that neither begins with another nor begins one",
)
OPEN: Final = RefusalKind(
    code="E-OPEN",
    en="there is something unsettled: {what}",
    zh="还有未结: {what}",
    why="what is owed is settled before somebody leaves",
    next="settle it, and do it again",
)
BATCH: Final = RefusalKind(
    code="E-BATCH",
    en="terminal {terminal} has an open batch",
    zh="批次未结, 先结算",
    why="what it sold is settled by its batch",
    next="settle at the terminal first, or say that it may go on",
)
NO_MASTER_KEY: Final = RefusalKind(
    code="E-NONE",
    en="terminal {terminal} holds no working keys to replace",
    zh="没有主密钥, 见 keys generate",
    why="it has no master key yet, or is under DUKPT, where nothing is signed on for",
    next="posswitch keys list; posswitch keys generate",
)
RANGE: Final = RefusalKind(
    code="E-RANGE",
    en="it is from {smallest} to {largest}",
    zh="取值范围 {smallest} 到 {largest}",
    why="beyond its bounds a setting would take away what it is there for",
    next="choose a figure within them",
)
PERIOD: Final = RefusalKind(
    code="E-PERIOD",
    en="the period is too long: this report takes {days} days, and 5,000 rows",
    zh="期间过长: 该报表最多 {days} 天、5,000 行",
    why="a report is made while its reader waits, and is read by a person",
    next="ask for fewer days, or for one merchant or store",
)
IMAGE: Final = RefusalKind(
    code="E-IMAGE",
    en="the picture cannot be printed: {problem}",
    zh="图片不可用 ({problem}), 尺寸需 ≥ 1011×638",
    why="a card is printed at 300 dots an inch: 1011 x 638 pixels or more, as PNG or JPEG",
    next="send a larger picture, of 500 kB at most",
)
IN_IT: Final = RefusalKind(
    code="E-MEMBER",
    en="{key} is in it already in a part of that time",
    zh="{key} 该期间已是成员",
    why="in an alliance somebody is once at a time",
    next="posswitch show directory; end that membership first, or begin after it",
)
PAST: Final = RefusalKind(
    code="E-PAST",
    en="it is past the point where it could be stopped",
    zh="已过不可停点",
    why="what it began has to be finished",
    next="wait for its end",
)
DAY_LIMIT: Final = RefusalKind(
    code="E-DAY-LIMIT",
    en="you have seen {times} of them within a day",
    zh="今日已查看 {times} 次",
    why="what is masked is looked at one by one, and so often that it is work and not a list",
    next="wait until tomorrow; many cards at once leave by card_batch.export",
)
ACTIVATED: Final = RefusalKind(
    code="E-ACTIVATED",
    en="the card was activated, and its password ended with that",
    zh="已激活, 密码已失效",
    why="an activation password is good once: it is kept no longer than until then",
    next="posswitch card show tells what became of the card",
)
SOLD: Final = RefusalKind(
    code="E-OPENED",
    en="{cards} of the cards are sold or in use: activation passwords leave for unsold cards only",
    zh="含卡密导出仅限未售卡({cards} 张已售或已用)",
    why="what a card is opened by is its buyer's once somebody has bought it",
    next="leave those cards out, or export without activation passwords",
)
NONE_UNSOLD: Final = RefusalKind(
    code="E-NONE-UNSOLD",
    en="there is no unsold card among them whose activation password could leave",
    zh="无可导出卡密的卡",
    why="every card that is meant is sold, in use or ended",
    next="posswitch show batch-cards says how each stands",
)
TOO_MANY_CARDS: Final = RefusalKind(
    code="E-TOO-MANY-CARDS",
    en="those are more than the {cards_max} cards that go into one file",
    zh="一个文件最多 {cards_max} 张卡",
    why="a file is made and encrypted in memory, for none of it may be clear on a disk",
    next="export parts of the batch, or places of a part: --part 1 --first 1 --last 50000",
)
FILE: Final = RefusalKind(
    code="E-FILE-ROWS",
    en="the file was not taken: {faults}",
    zh="文件未导入: {faults}",
    why="a file is taken whole or not at all; what is wrong is named by line and column",
    next="mend the lines that are named, and send it again; --dry-run only looks",
)
LIABILITY: Final = RefusalKind(
    code="E-LIABILITY",
    en="owed before: {before}; by the file: {after}; they differ by {difference}",
    zh="导入前后差 {difference}(前 {before}, 文件 {after})",
    why="what is owed on cards is the same before and after they change house, to the last unit",
    next="compare the file with the other system's own total, and send the one that is right",
)
GONE: Final = RefusalKind(
    code="E-GONE",
    en="that file was handed out already, or its quarter of an hour is over",
    zh="文件已下载或已过期",
    why="what leaves the house is handed out once, and is not kept for whom does not come",
    next="ask for it anew: both stand in posswitch show disclosures",
)
RATE: Final = RefusalKind(
    code="E-RATE",
    en="the rate has changed: it is {rate} by now",
    zh="汇率已变化: {rate}",
    why="points are converted at the rate that was shown, or not at all",
    next="look at posswitch show rates, and ask again with the new rate if it is right",
)
JUMP: Final = RefusalKind(
    code="E-JUMP",
    en="it differs by more than a fifth from the rate in force, {rate}",
    zh="较当前汇率 {rate} 变动 > 20%, 请确认",
    why="so large a change is a slip of the hand more often than not",
    next="if it is meant, ask again with --is-confirmed",
)
THRESHOLD: Final = RefusalKind(
    code="E-THRESHOLD",
    en="{points} points are the fewest",
    zh="满 {points} 分起",
    why="fewer are not converted at once",
    next="ask for as many, or more",
)
SHORT: Final = RefusalKind(
    code="E-NEGATIVE",
    en="the card has not as many points to spend",
    zh="积分不足",
    why="what is pending, held or expired cannot be taken",
    next="posswitch show points --card CARD says what there is",
)

UNDONE: Final = RefusalKind(
    code="E-UNDONE",
    en="it was voided, reversed or refunded before",
    zh="原交易已撤销",
    why="what was sold is undone once",
    next="posswitch trace RRN tells what became of it",
)
WINDOW: Final = RefusalKind(
    code="E-WINDOW",
    en="it is settled: it is refunded, and not voided any more",
    zh="已结算, 请退货",
    why="a void is of the batch that its terminal has not settled yet; a voucher is given back on "
    "its own business date",
    next="refund it at a till of the merchant's",
)
SPENT_POINTS: Final = RefusalKind(
    code="E-SPENT-POINTS",
    en="the card has spent the points that the sale gave",
    zh="该笔消费所赠积分已用, 不能撤销",
    why="what is voided is as if it had never been, and these points are gone",
    next="posswitch show points --card CARD says what there is; have them made good, or leave it",
)
OPEN_CASES: Final = RefusalKind(
    code="E-OPEN-EXCEPTIONS",
    en="{cases} cases of {amount} are open",
    zh="未结差错 {cases} 笔, {amount}",
    why="what is paid before a difference is explained is asked back, or lost",
    next=(
        "posswitch terminal exceptions and posswitch show recon-items list each; "
        "posswitch exception resolve and posswitch recon match end one"
    ),
)
RUNNING: Final = RefusalKind(
    code="E-RUNNING",
    en="the night is run by {who} already, since {since}",
    zh="{who} 正在跑批, 始于 {since}",
    why="one run at a time: two would wait for each other, step by step",
    next="wait for its end: posswitch clearing status says which step it is at",
)
STEP_STOPPED: Final = RefusalKind(
    code="E-STEP",
    en="step {step} stopped: {reason}",
    zh="步骤 {step} 停止: {reason}",
    why="a night stops where something is not as it has to be; what was finished stays so",
    next="mend what it names, and ask again: it goes on with that step",
)
TRIAL: Final = RefusalKind(
    code="E-TRIAL",
    en="the books of that date do not balance: debits of {debit} and credits of {credit}",
    zh="试算不平: 借 {debit}, 贷 {credit}",
    why="a row was changed since its night: nothing that comes of it can be trusted",
    next="run posswitch audit, which names the row; pay nothing before it is explained",
)

COMMON: Final = (
    NOT_FOUND, NOT_YOUR_ROLE, NOT_OPENED_HERE, SIGNED_OUT, SIGN_IN, NO_GRANT, ENROL, STEP_UP,
    WRONG_CODE, FIELD,
    STATE, CHANGED, ONCE, FAULT, TOO_MANY, TOO_LARGE, AWAY, IN_DOUBT, SAME_PERSON, STALE,
    EXPIRED, CERTIFICATE, METHOD, REQUEST,
)  # fmt: skip
OF_ACTIONS: Final = (
    CONFLICT, SCOPE, OWN, LAST, LOGIN, OWNS, OLD, PASSWORD, INVITATION, VISIT, ID, PREFIX,
    OPEN, BATCH, RECORD, NO_MASTER_KEY, RANGE, PERIOD, IMAGE, IN_IT, PAST, DAY_LIMIT,
    ACTIVATED, SOLD, NONE_UNSOLD, TOO_MANY_CARDS,
    BAD_ROW, FILE, LIABILITY, GONE, RATE, JUMP, THRESHOLD, SHORT,
    UNDONE, WINDOW, SPENT_POINTS,
    OPEN_CASES, RUNNING, STEP_STOPPED, TRIAL,
)  # fmt: skip

REFUSALS: Final[Mapping[str, RefusalKind]] = {row.code: row for row in (*COMMON, *OF_ACTIONS)}
