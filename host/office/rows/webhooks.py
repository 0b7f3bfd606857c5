"""Webhooks: which program hears of what, at which address, and how its messages stand.

The secret that messages are signed by is shown once, to who adds the webhook or asks for a new one.
"""

import datetime as dt
import secrets
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from msgspec import Meta

from host.office.action import OK, Acting, Action, Result, Step
from host.office.events import EVENTS, SQL
from host.office.fields import InstitutionId, MerchantId, Note, Values
from host.office.places import Scope
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import AU, IM, MO, PA
from host.office.subjects import THE_PLATFORM, Ref
from host.office.view import Column, Filter, View
from host.office.webhooks import begin, new_secret, secret_place

Code = Annotated[str, Meta(pattern=r"^wh_[0-9a-f]{12}$")]
Url = Annotated[str, Meta(max_length=400, pattern=r"^https?://[!-~]+$")]
MAKERS: Final = frozenset({PA, MO, IM})
SCOPES: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT})


class WebhookSave(Values, frozen=True, kw_only=True):
    """A new one needs address and events; of one that is there what is said is another then."""

    webhook: Code | None = None
    """None: a new one."""
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    """Whose it is; neither: the platform's, which hears everything."""
    address: Url | None = None
    events: frozenset[str] = frozenset()
    is_active: bool = True
    new_secret: bool = False


class WebhookEnd(Values, frozen=True, kw_only=True):
    """Which, and why; what waits for it is told to nobody."""

    webhook: Code
    note: Note


class WebhookResend(Values, frozen=True, kw_only=True):
    """What it has taken since then is sent once more, as long as it is kept: 30 days."""

    webhook: Code
    from_at: dt.datetime


def _save(acting: Acting, values: WebhookSave) -> Result:
    for other in sorted(values.events - EVENTS.keys()):
        raise Refusal(FIELD, field="events", problem=f"{other} is no event")
    if values.address is not None and not _is_address(values.address):
        raise Refusal(
            FIELD, field="address", problem="it is an address, as https://shop.example/hook"
        )
    return _edit(acting, values) if acting.about is not None else _make(acting, values)


def _is_address(told: str) -> bool:
    """Whether it names a server, and nobody's password."""
    try:
        parts = urlsplit(told)
        return bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False


def _make(acting: Acting, values: WebhookSave) -> Result:
    assert acting.within is not None, "a new one is made somewhere"
    if values.address is None or not values.events:
        missing = "address" if values.address is None else "events"
        raise Refusal(FIELD, field=missing, problem="a new webhook needs it")
    begin(acting.connection, values.events)
    code = f"wh_{secrets.token_hex(6)}"
    secret = new_secret()
    told = {
        "code": code,
        "issuer_id": acting.within.place.issuer_id,
        "merchant_id": acting.within.place.merchant_id,
        "url": values.address,
        "events": sorted(values.events),
        "sealed": acting.hsm.seal_secret(secret, secret_place(code)),
        "now": acting.now,
        "by": acting.who.person,
    }
    acting.connection.execute(SQL["add_webhook"], told)
    return Result(key=code, shown_once={"secret": secret.reveal().decode()})


def _edit(acting: Acting, values: WebhookSave) -> Result:
    content = _live(acting)
    code, shown, sealed = content["code"], {}, None
    if values.new_secret:
        secret = new_secret()
        sealed = acting.hsm.seal_secret(secret, secret_place(code))
        shown = {"secret": secret.reveal().decode()}
    if values.is_active:
        begin(acting.connection, values.events or content["events"])
    told = {
        "code": code,
        "url": values.address or content["url"],
        "events": sorted(values.events) or content["events"],
        "state": "active" if values.is_active else "stopped",
        "sealed": sealed,
        "now": acting.now,
    }
    acting.connection.execute(SQL["edit_webhook"], told)
    return Result(beside={"new_secret": True} if shown else {}, shown_once=shown)


def _end(acting: Acting, _values: WebhookEnd) -> Result:
    told = {"code": _live(acting)["code"]}
    acting.connection.execute(SQL["end_webhook"], told)
    acting.connection.execute(SQL["cancel_messages"], told)
    return OK


def _resend(acting: Acting, values: WebhookResend) -> Result:
    told = {"code": _live(acting)["code"], "since": values.from_at, "now": acting.now}
    sent = acting.connection.execute(SQL["send_again"], told).rowcount
    return Result(
        told={"messages": sent}, beside={"from_at": values.from_at.isoformat(), "messages": sent}
    )


def _live(acting: Acting) -> dict[str, Any]:
    content = dict(acting.subject.content)
    if content["state"] == "ended":
        raise Refusal(STATE, state="ended")
    return content


def _within(values: WebhookSave) -> Ref:
    if values.merchant is not None:
        return Ref("merchant", values.merchant)
    return Ref("issuer", values.issuer) if values.issuer is not None else THE_PLATFORM


SAVE: Final = Action(
    id="webhook.save",
    en="Say what a program hears of",
    zh="事件订阅",
    values=WebhookSave,
    roles=MAKERS,
    do=_save,
    about=lambda values: Ref("webhook", values.webhook or ""),
    within=_within,
    step=Step.OWN,
)
END: Final = Action(
    id="webhook.end",
    en="End a webhook",
    zh="停止事件订阅",
    values=WebhookEnd,
    roles=MAKERS,
    do=_end,
    about=lambda values: Ref("webhook", values.webhook),
    is_for_people=True,
)
RESEND: Final = Action(
    id="webhook.resend",
    en="Send events once more",
    zh="重发事件",
    values=WebhookResend,
    roles=MAKERS,
    do=_resend,
    about=lambda values: Ref("webhook", values.webhook),
)
WEBHOOKS: Final = View(
    id="webhooks",
    en="Event subscriptions",
    zh="事件订阅",
    roles=MAKERS | {AU},
    scopes=SCOPES,
    columns=(
        Column(name="webhook", opens="webhook_messages"),
        Column(name="merchant"),
        Column(name="issuer"),
        Column(name="address"),
        Column(name="events", kind=list),
        Column(name="state"),
        Column(name="waiting_messages", kind=int),
        Column(name="failing_since", kind=dt.datetime),
        Column(name="next_at", kind=dt.datetime),
        Column(name="last_error"),
    ),
    order=("webhook",),
    filters=(Filter(name="webhook", column="webhook"),),
    actions=("webhook.save", "webhook.end", "webhook.resend"),
    exports="C",
)
MESSAGES: Final = View(
    id="webhook_messages",
    en="Events on their way",
    zh="事件发送记录",
    roles=MAKERS | {AU},
    scopes=SCOPES,
    columns=(
        Column(name="id", kind=int),
        Column(name="webhook"),
        Column(name="event"),
        Column(name="body"),
        Column(name="made_at", kind=dt.datetime),
        Column(name="message_state"),
        Column(name="attempts", kind=int),
        Column(name="next_at", kind=dt.datetime),
        Column(name="last_status", kind=int),
        Column(name="last_error"),
        Column(name="delivered_at", kind=dt.datetime),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="webhook", column="webhook"),),
    needs=frozenset({"webhook"}),
    exports="C",
)
