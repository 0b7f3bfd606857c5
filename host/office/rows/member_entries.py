"""Members come in: by a phone and the code that was sent to it; and their pay PIN.

A phone that nobody has becomes a member by its first sign-in, and who is about to leave comes back
by one. A session of a member is of somebody who acts for themselves alone, under no grant that
anybody gave: nobody who works here is let in by it, and no password lets in a member.
"""

from typing import Final

from host.model.secrets import Secret
from host.office.action import OK, Acting, Action, Result
from host.office.fields import Phone, Values
from host.office.pay_pins import pin_hash, refuse_easy_pin
from host.office.phone_codes import SQL, SentFor, phone_of_member, send_code, take_code
from host.office.phones import phone_hash
from host.office.roles import MB
from host.office.rows.entries import end_sessions
from host.office.rows.members import set_state
from host.office.sessions import begin_session, keeper_of
from host.stock import lives
from host.stock.batches import By

MADE_BY: Final = "sign-in"


class SessionCode(Values, frozen=True, kw_only=True):
    """To which phone."""

    phone: Phone


class PhoneSignIn(Values, frozen=True, kw_only=True):
    """Whose phone, and the code that was sent to it."""

    phone: Phone
    code: Secret


class PayPinCode(Values, frozen=True, kw_only=True):
    """To their own phone."""


class PayPinSet(Values, frozen=True, kw_only=True):
    """Six digits, and the code that was sent to their phone for it."""

    new: Secret
    code: Secret


def _send_code(acting: Acting, values: SessionCode) -> Result:
    return Result(told=send_code(acting, values.phone, SentFor.SIGN_IN))


def _sign_in(acting: Acting, values: PhoneSignIn) -> Result:
    take_code(acting, phone_hash(acting.hsm, values.phone), SentFor.SIGN_IN, values.code)
    by = By(MADE_BY, acting.now)
    member = lives.member_of(acting.connection, acting.hsm, values.phone, by)
    _come_back(acting, member)
    login = _person_of(acting, member)
    keeper = keeper_of(acting.connection, login)
    assert keeper is not None, "just made"
    source = acting.asked.source if acting.asked else ""
    token, grant = begin_session(acting.connection, keeper, None, source, acting.now)
    return Result(
        key=login,
        told={
            "acting_as": grant.words,
            "member": member,
            "has_pay_pin": keeper.pay_pin_hash is not None,
        },
        shown_once={"session": token.reveal().decode()},
    )


def _come_back(acting: Acting, member: int) -> None:
    """Who is about to leave, and signs in, stays."""
    row = acting.connection.execute(SQL["member_at_the_door"], (member,)).fetchone()
    assert row is not None, "whose phone it is"
    if row[0] == "closing":
        set_state(acting, member, "active")


def _person_of(acting: Acting, member: int) -> str:
    """The login of a member, who is made somebody where they come for the first time."""
    told = {"member": member, "now": acting.now}
    acting.connection.execute(SQL["add_person_of_member"], told)
    row = acting.connection.execute(SQL["person_of_member"], (member,)).fetchone()
    assert row is not None, "it is there, or it would have been added"
    acting.connection.execute(SQL["let_member_in"], {"id": row[0], "now": acting.now})
    login: str = row[1]
    return login


def _send_pin_code(acting: Acting, _values: PayPinCode) -> Result:
    _, phone = phone_of_member(acting.connection, acting.hsm, _member(acting))
    return Result(told=send_code(acting, phone, SentFor.PAY_PIN))


def _set_pin(acting: Acting, values: PayPinSet) -> Result:
    refuse_easy_pin(values.new)
    hashed, _ = phone_of_member(acting.connection, acting.hsm, _member(acting))
    take_code(acting, hashed, SentFor.PAY_PIN, values.code)
    assert acting.who.person is not None, "who is signed in"
    kept = pin_hash(acting.hsm, _member(acting), values.new)
    acting.connection.execute(SQL["set_pay_pin"], {"id": acting.who.person, "hash": kept})
    end_sessions(acting, acting.who.person, but=acting.who.session_hash)
    return OK


def _member(acting: Acting) -> int:
    member = acting.grant.place.member_id
    assert member is not None, "its roles say so"
    return member


SESSION_CODE: Final = Action(
    id="session.code",
    en="Have a code sent to a phone",
    zh="获取登录验证码",
    values=SessionCode,
    roles=frozenset({MB}),
    do=_send_code,
    about=None,
    is_entry=True,
)
PHONE_SIGN_IN: Final = Action(
    id="session.phone_sign_in",
    en="Sign in as a member, by a phone and its code",
    zh="会员登录",
    values=PhoneSignIn,
    roles=frozenset({MB}),
    do=_sign_in,
    about=None,
    is_entry=True,
)
PAY_PIN_CODE: Final = Action(
    id="pay_pin.code",
    en="Have a code sent for a pay PIN",
    zh="获取支付密码验证码",
    values=PayPinCode,
    roles=frozenset({MB}),
    do=_send_pin_code,
    about=None,
)
PAY_PIN_SET: Final = Action(
    id="pay_pin.set",
    en="Choose a pay PIN",
    zh="设置支付密码",
    values=PayPinSet,
    roles=frozenset({MB}),
    do=_set_pin,
    about=None,
)
