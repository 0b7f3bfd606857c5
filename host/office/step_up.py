"""Step-up: a one-time code bound to one action with its values; five tries, five minutes.

It is the code of who asks, typed into their own session after they were told what it is for: nobody
gives a code to another, who might use it for something else. Who releases what another asked for
agrees to it (`approval.decide`). Wrong codes count at the door as well, so that nobody gets more
tries by asking anew; and a step of a phone is good once, for whatever it was used. A member types
their pay PIN in its place (`host.office.pay_pins`).
"""

import datetime as dt
from typing import Any, Final

from host.hsm.interface import Hsm
from host.model.office import Do
from host.model.secrets import Secret
from host.model.word import Word
from host.office.action import Acting, Action
from host.office.member_refusals import NO_PIN, PAY_PIN, PIN_SHUT, WRONG_PIN
from host.office.pay_pins import is_pin
from host.office.people import Who
from host.office.refusals import STEP_UP, WRONG_CODE, Refusal
from host.office.sessions import SQL, TRIES_MAX, Keeper, fail, keeper_of

OPEN: Final = dt.timedelta(minutes=5)


def check_code(action: Action[Any], acting: Acting, asked: Do, what: Word) -> None:
    """Return once the code that the action asks for has been given; it is used up.

    `what` it is for is told beside it, and the code is bound to that.

    Raises:
        Refusal: it is missing, wrong, late or used; tries are kept.
    """
    told = {
        "session": acting.who.session_hash,
        "digest": what_is_done(acting.hsm, asked, what.en),
        "now": acting.now,
    }
    keeper = keeper_of(acting.connection, acting.who.login)
    assert keeper is not None, "who is signed in"
    _refuse_without_pin(keeper, acting.now)
    if asked.code is None:
        acting.connection.execute(SQL["ask_step_up"], told)
        en, zh = f"{action.en} {what.en}".strip(), f"{action.zh} {what.zh}".strip()
        kind = PAY_PIN if acting.who.is_member else STEP_UP
        raise Refusal(kind, is_kept=True, words=en, words_zh=zh)
    _refuse_late(acting, told)
    step = _step_of(acting, keeper, asked.code)
    if step is None:
        acting.connection.execute(SQL["count_try"], told)
        fail(acting.connection, keeper, acting.now)
        raise _wrong(acting.who)
    acting.connection.execute(SQL["use_code"], {"id": keeper.id, "totp_step": step})
    acting.connection.execute(SQL["end_step_up"], told)
    if acting.who.is_member:
        acting.connection.execute(SQL["give_pin"], told)


def what_is_done(hsm: Hsm, asked: Do, words: str) -> bytes:
    """16 bytes for one action with these values: under a key, for a secret may be among them."""
    told = b"\x00".join([asked.action.encode(), words.encode(), asked.values.reveal()])
    return hsm.hash_secret(Secret(told), "step-up")


def _refuse_late(acting: Acting, told: dict[str, Any]) -> None:
    row = acting.connection.execute(SQL["step_up"], told).fetchone()
    if row is None or row[0] + OPEN < acting.now or row[1] >= TRIES_MAX:
        raise _wrong(acting.who)


def _step_of(acting: Acting, keeper: Keeper, code: Secret) -> int | None:
    """The step of a good code; of a member's PIN, which has none, the one that was. None: wrong."""
    if keeper.member is not None:
        is_right = is_pin(acting.hsm, keeper.member, code, keeper.pay_pin_hash)
        return keeper.totp_step if is_right else None
    return None if keeper.is_shut(acting.now) else keeper.step_of(acting.hsm, code, acting.now)


def _refuse_without_pin(keeper: Keeper, now: dt.datetime) -> None:
    if keeper.member is None:
        return
    if keeper.pay_pin_hash is None:
        raise Refusal(NO_PIN)
    if keeper.is_shut(now):
        raise Refusal(PIN_SHUT)


def _wrong(who: Who) -> Refusal:
    kind = WRONG_PIN if who.is_member else WRONG_CODE
    return Refusal(kind, field="code", is_kept=True)
