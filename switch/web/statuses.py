"""What HTTP calls what the office says no with, and what the front itself says."""

from collections.abc import Mapping
from typing import Final

from host.model.office import Refused

BEARER: Final = "bearer "
"""Before the token, in whatever letters (RFC 6750)."""
STATUSES: Final[Mapping[str, int]] = {
    "E-REQUEST": 400,
    "E-SIGNED-OUT": 401,
    "E-SIGN-IN": 401,
    "E-STEP-UP": 401,
    "E-NOT-YOUR-ROLE": 403,
    "E-ENROL": 403,
    "E-CERTIFICATE": 403,
    "E-NO-GRANT": 403,
    "E-NOT-FOUND": 404,
    "E-METHOD": 405,
    "E-CHANGED": 409,
    "E-ONCE": 409,
    "E-TOO-LARGE": 413,
    "E-TOO-MANY": 429,
    "E-OFFICE-FAULT": 500,
    "E-HOST-AWAY": 503,
    "E-IN-DOUBT": 503,
}
"""What HTTP calls a refusal (RFC 9110); of all others 422."""
REFUSED: Final = 422
RETRY_AFTER: Final = {429: "60", 503: "5"}
"""How many seconds later a program asks again."""
CHALLENGE: Final = "Bearer"
"""How who is nobody is told to say who they are (RFC 9110, 11.6.1; RFC 6750, 3)."""
AWAY: Final = Refused(
    code="E-HOST-AWAY",
    en="the host cannot be asked now, and this was not sent",
    zh="主机不可用, 本次未提交",
)
DOUBT: Final = Refused(
    code="E-IN-DOUBT",
    en="it is not known whether it was done: send it again under the same once_key",
    zh="结果未知, 请以同一 once_key 再次提交",
)
OFTEN: Final = Refused(
    code="E-TOO-MANY", en="that was too often: wait a minute", zh="操作过于频繁, 请一分钟后再试"
)
NOWHERE: Final = Refused(code="E-NOT-FOUND", en="there is no such address", zh="没有这个地址")
FAILED: Final[Mapping[int, Refused]] = {
    503: AWAY,
    400: Refused(
        code="E-REQUEST",
        en="this is no request that can be answered: its address, its Host or its length is wrong",
        zh="请求无法受理: 地址、Host 或长度有误",
    ),
    405: Refused(
        code="E-METHOD",
        en="this address is asked in another way: Allow says how",
        zh="该地址不支持此方法: 见 Allow",
    ),
    413: Refused(code="E-TOO-LARGE", en="it is larger than may be sent", zh="内容过大"),
    500: Refused(
        code="E-OFFICE-FAULT",
        en="a fault of ours: look first whether it was done",
        zh="系统内部错误, 再次办理前请先确认是否已办理",
    ),
}
"""What a program is told where no answer could be made; of all others that there is nothing."""


def status_of(code: str) -> int:
    """Of a refusal."""
    return STATUSES.get(code, REFUSED)


def headers_of(status: int) -> dict[str, str]:
    """What HTTP wants to stand beside a status of the API."""
    later = {"Retry-After": RETRY_AFTER[status]} if status in RETRY_AFTER else {}
    return later | ({"WWW-Authenticate": CHALLENGE} if status == 401 else {})
