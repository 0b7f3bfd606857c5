"""What the office says no with where members sign in by their phone, and type their pay PIN."""

from collections.abc import Mapping
from typing import Final

from host.office.refusals import RefusalKind

PHONE_CODE: Final = RefusalKind(
    code="E-PHONE-CODE",
    en="the code is not right, or too old",
    zh="验证码不正确或已过期",
    why="a code that was sent to a phone is good once, for five minutes and five tries, and only "
    "the newest: which of it was wrong is not told",
    next="have another code sent",
)
CODES_OFTEN: Final = RefusalKind(
    code="E-CODES",
    en="codes were asked for too often: try again in {minutes} minutes",
    zh="获取验证码过于频繁, 请 {minutes} 分钟后再试",
    why="codes are counted by phone and by where they are asked for, whoever has the phone",
    next="wait, or see the settings codes_of_phone_max and codes_of_source_max",
)
NO_SMS: Final = RefusalKind(
    code="E-SMS",
    en="no code can be sent now",
    zh="验证码暂时无法发送",
    why="what sends texts is not there, or did not take this one",
    next="look at the setting sms of the host, and ask again",
)
NO_PIN: Final = RefusalKind(
    code="E-NO-PIN",
    en="a pay PIN is needed first",
    zh="请先设置支付密码",
    why="value leaves a member by what only they know",
    next="have a code sent by pay_pin.code, and choose a PIN by pay_pin.set",
)
PAY_PIN: Final = RefusalKind(
    code="E-PAY-PIN",
    en="the pay PIN is needed: {words}",
    zh="请输入支付密码: {words_zh}",
    why="value leaves a member by what only they know, given for what is about to be done",
    next="repeat it with the pay PIN, within five minutes",
)
WRONG_PIN: Final = RefusalKind(
    code="E-WRONG-PIN",
    en="the pay PIN is not right",
    zh="支付密码不正确",
    why="after five wrong ones none is looked at for a quarter of an hour",
    next="type it again; who has forgotten it sets another by pay_pin.code and pay_pin.set",
)
PIN_SHUT: Final = RefusalKind(
    code="E-PIN-SHUT",
    en="the pay PIN was wrong too often: wait a quarter of an hour, or set another",
    zh="支付密码错误次数过多, 请一刻钟后再试或重设",
    why="nobody guesses it by trying",
    next="wait, or set another by pay_pin.code and pay_pin.set",
)
MEMBER_REFUSALS: Final[Mapping[str, RefusalKind]] = {
    row.code: row for row in (PHONE_CODE, CODES_OFTEN, NO_SMS, NO_PIN, PAY_PIN, WRONG_PIN, PIN_SHUT)
}
