"""Coming in by a link of the demo: good once, for minutes, on the machine itself."""

from typing import Final

from host.model.secrets import Secret
from host.office.action import Acting, Action, Result
from host.office.codes import link_of
from host.office.fields import Values
from host.office.grants import SQL as PEOPLE
from host.office.pay_pins import is_pin
from host.office.refusals import VISIT, Refusal
from host.office.roles import MB, ROLES, STAFF
from host.office.sessions import SQL, Keeper, begin_session, keeper_of, totp_place
from host.office.tokens import TOKEN_CHARACTERS_MAX, token_hash
from host.office.visitors import BY_LOGIN, PAY_PIN, THE_MEMBER, is_demo, is_of_this_machine


class Visit(Values, frozen=True, kw_only=True):
    """What the link ends with."""

    token: Secret


def _come_in(acting: Acting, values: Visit) -> Result:
    source = acting.asked.source if acting.asked else ""
    if not (
        is_demo(acting.connection)
        and is_of_this_machine(source)
        and 0 < len(values.token) <= TOKEN_CHARACTERS_MAX
    ):
        raise Refusal(VISIT)
    keeper = _keeper_of(acting, values.token)
    taken = {"id": keeper.id, "now": acting.now, "totp_step": keeper.totp_step}
    acting.connection.execute(SQL["take_in"], taken)
    token, grant = begin_session(acting.connection, keeper, None, source, acting.now)
    tries = (BY_LOGIN[keeper.login] if keeper.member is None else THE_MEMBER).tries
    role = ROLES[grant.role]
    return Result(
        key=keeper.login,
        told={
            "acting_as": grant.words,
            "role": role.id,
            "is": {"en": role.en, "zh": role.zh},
            "tries": tries._asdict(),
        },
        shown_once={"session": token.reveal().decode(), **_proofs(acting, keeper)},
    )


def _keeper_of(acting: Acting, token: Secret) -> Keeper:
    """Whose link it is, which is used by that.

    Raises:
        Refusal: it is none, used, too old, or the invitation of somebody who is no visitor.
    """
    told = {"token_hash": token_hash(token), "now": acting.now}
    used = acting.connection.execute(PEOPLE["use_invitation"], told).fetchone()
    row = used and acting.connection.execute(PEOPLE["invited"], used).fetchone()
    keeper = keeper_of(acting.connection, row[0]) if row else None
    if keeper is None or keeper.is_shut(acting.now):
        raise Refusal(VISIT)
    if keeper.member is None and keeper.login not in BY_LOGIN:
        raise Refusal(VISIT)
    return keeper


def _proofs(acting: Acting, keeper: Keeper) -> dict[str, str]:
    """What they are asked for on their way: codes of a phone, or the pay PIN."""
    if keeper.member is not None:
        is_ours = is_pin(acting.hsm, keeper.member, PAY_PIN, keeper.pay_pin_hash)
        return {"pay_pin": PAY_PIN.reveal().decode()} if is_ours else {}
    assert keeper.totp_sealed is not None, "visitors have one"
    seed = acting.hsm.open_secret(keeper.totp_sealed, totp_place(keeper.login))
    return {"seed": seed.reveal().decode(), "link": link_of(seed, keeper.login)}


SESSION_VISIT: Final = Action(
    id="session.visit",
    en="Come in by a link of the demo",
    zh="凭演示链接进入",
    values=Visit,
    roles=STAFF | {MB},
    do=_come_in,
    about=None,
    is_entry=True,
)
