"""Coming in: signing in and out, the grant in use, invitations, passwords, one-time codes."""

import datetime as dt
from typing import Final

from host.model.secrets import Secret
from host.model.word import Word
from host.office.action import OK, Acting, Action, Result
from host.office.codes import link_of, new_seed, step_of
from host.office.fields import Login, Number, Values
from host.office.grants import SQL as PEOPLE
from host.office.passwords import hash_password, is_password, refuse_easy
from host.office.refusals import INVITATION, OLD, STATE, WRONG_CODE, Refusal
from host.office.roles import MB, STAFF
from host.office.sessions import (
    SQL,
    Keeper,
    begin_session,
    choose,
    fail,
    grants_of,
    keeper_of,
    let_in,
    totp_place,
)
from host.office.tokens import token_hash

INVITED: Final = dt.timedelta(hours=24)


class SignIn(Values, frozen=True, kw_only=True):
    """Who, and the two proofs."""

    login: Login
    password: Secret
    code: Secret | None = None
    """Of the app, once that is in use."""
    grant: Number | None = None
    """Which of the person's, by number; none: the first."""


class UseGrant(Values, frozen=True, kw_only=True):
    """Another one of the same person."""

    grant: Number


class SignOut(Values, frozen=True, kw_only=True):
    """Nothing to say."""


class Accept(Values, frozen=True, kw_only=True):
    """What the invitation is taken up with."""

    token: Secret
    new: Secret


class ChangePassword(Values, frozen=True, kw_only=True):
    """The one that is, and the one that is to be."""

    old: Secret
    new: Secret


class Enrol(Values, frozen=True, kw_only=True):
    """The first code that the app shows; without one a seed is made for it."""

    code: Secret | None = None


def _sign_in(acting: Acting, values: SignIn) -> Result:
    told = (values.login, values.password, values.code)
    keeper = let_in(acting.connection, acting.hsm, told, acting.now)
    source = acting.asked.source if acting.asked else ""
    token, grant = begin_session(acting.connection, keeper, values.grant, source, acting.now)
    held = grants_of(acting.connection, keeper.id, acting.now)
    return Result(
        key=keeper.login,
        told={
            "acting_as": grant.words,
            "grant": grant.id,
            "grants": [{"grant": one.id, "acting_as": one.words} for one in held],
            "has_totp": keeper.totp_is_on,
        },
        shown_once={"session": token.reveal().decode()},
    )


def _use_grant(acting: Acting, values: UseGrant) -> Result:
    assert acting.who.person is not None, "who is signed in"
    held = grants_of(acting.connection, acting.who.person, acting.now)
    chosen = choose(held, values.grant)
    told = {"grant": chosen.id, "token_hash": acting.who.session_hash}
    acting.connection.execute(SQL["choose_grant"], told)
    return Result(told={"acting_as": chosen.words, "grant": chosen.id})


def _sign_out(acting: Acting, _values: SignOut) -> Result:
    told = {"now": acting.now, "token_hash": acting.who.session_hash}
    acting.connection.execute(SQL["end_session"], told)
    return OK


def _accept(acting: Acting, values: Accept) -> Result:
    told = {"token_hash": token_hash(values.token), "now": acting.now}
    used = acting.connection.execute(PEOPLE["use_invitation"], told).fetchone()
    if used is None:
        raise Refusal(INVITATION, field="token")
    row = acting.connection.execute(PEOPLE["invited"], used).fetchone()
    if row is None or row[1] != "invited":
        raise Refusal(INVITATION, field="token")
    refuse_easy(values.new, row[0])
    hashed = {"id": used[0], "password_hash": hash_password(values.new)}
    acting.connection.execute(PEOPLE["set_password"], hashed)
    return Result(key=row[0], told={"login": row[0]})


def _change_password(acting: Acting, values: ChangePassword) -> Result:
    keeper = _own(acting)
    if not is_password(values.old, keeper.password_hash):
        fail(acting.connection, keeper, acting.now)
        raise Refusal(OLD, field="old", is_kept=True)
    refuse_easy(values.new, keeper.login)
    hashed = {"id": keeper.id, "password_hash": hash_password(values.new)}
    acting.connection.execute(PEOPLE["set_password"], hashed)
    end_sessions(acting, keeper.id, but=acting.who.session_hash)
    return OK


def _enrol(acting: Acting, values: Enrol) -> Result:
    keeper = _own(acting)
    if keeper.totp_is_on:
        raise Refusal(STATE, state=Word("on", "已启用"))
    if values.code is None:
        seed = new_seed()
        sealed = acting.hsm.seal_secret(seed, totp_place(keeper.login))
        acting.connection.execute(PEOPLE["set_seed"], {"id": keeper.id, "totp_sealed": sealed})
        link = link_of(seed, keeper.login)
        return Result(shown_once={"seed": seed.reveal().decode(), "link": link})
    if keeper.totp_sealed is None:
        raise Refusal(WRONG_CODE, field="code")
    seed = acting.hsm.open_secret(keeper.totp_sealed, totp_place(keeper.login))
    step = step_of(seed, values.code, acting.now, keeper.totp_step)
    if step is None:
        fail(acting.connection, keeper, acting.now)
        raise Refusal(WRONG_CODE, field="code", is_kept=True)
    acting.connection.execute(PEOPLE["prove_seed"], {"id": keeper.id, "totp_step": step})
    return OK


def end_sessions(acting: Acting, person: int, *, but: bytes = b"") -> None:
    """What a person signs in by has changed: nobody goes on with what was before."""
    told = {"person": person, "but": but, "now": acting.now}
    acting.connection.execute(SQL["end_sessions"], told)


def _own(acting: Acting) -> Keeper:
    keeper = keeper_of(acting.connection, acting.who.login)
    assert keeper is not None, "who is signed in"
    return keeper


SIGN_IN: Final = Action(
    id="session.sign_in",
    en="Sign in",
    zh="登录",
    values=SignIn,
    roles=STAFF,
    do=_sign_in,
    about=None,
    is_entry=True,
)
ACCEPT: Final = Action(
    id="invitation.accept",
    en="Take up an invitation",
    zh="接受邀请",
    values=Accept,
    roles=STAFF,
    do=_accept,
    about=None,
    is_entry=True,
)
USE_GRANT: Final = Action(
    id="session.use_grant",
    en="Use another grant",
    zh="切换身份",
    values=UseGrant,
    roles=STAFF,
    do=_use_grant,
    about=None,
    may_enrol=True,
)
SIGN_OUT: Final = Action(
    id="session.sign_out",
    en="Sign out",
    zh="退出",
    values=SignOut,
    roles=STAFF | {MB},
    do=_sign_out,
    about=None,
    may_enrol=True,
)
CHANGE_PASSWORD: Final = Action(
    id="password.change",
    en="Change the password",
    zh="修改密码",
    values=ChangePassword,
    roles=STAFF,
    do=_change_password,
    about=None,
    may_enrol=True,
)
ENROL: Final = Action(
    id="totp.enrol",
    en="Turn on one-time codes",
    zh="启用动态口令",
    values=Enrol,
    roles=STAFF,
    do=_enrol,
    about=None,
    may_enrol=True,
)
