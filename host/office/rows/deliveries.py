"""How files of the night are brought to whom they are for, and how each delivery stands.

A way is a row that is never edited: what is said last for a party and a form counts, from the next
date that is handed out on. Nobody alone says where a party's files go, for who reads them learns
what it sells.
"""

import base64
import binascii
import datetime as dt
from typing import Annotated, Final

from msgspec import Meta

from host.model.deliveries import FileForm
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import InstitutionId, MerchantId, Values
from host.office.places import Scope
from host.office.refusals import FIELD, STATE, Refusal
from host.office.roles import AU, FN, PA, PO
from host.office.rows.fees import about_party, parties_of
from host.office.subjects import THE_PLATFORM
from host.office.view import Column, Filter, View
from host.rules.delivery_states import DELIVERY_STATES, RETRY, DeliveryState
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "deliveries.sql")
SAVE: Final = "delivery.save"
END: Final = "delivery.end"
_NOBODY_YET: Final = "-"
"""Who has agreed, while it is only tried what it would do."""
Directory = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^/?[0-9A-Za-z_-][0-9A-Za-z._-]*(/[0-9A-Za-z_-][0-9A-Za-z._-]*)*$",
    ),
]
Host = Annotated[str, Meta(max_length=253, pattern=r"^[0-9A-Za-z][0-9A-Za-z.:-]*$")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
ServerLogin = Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Za-z_][0-9A-Za-z._@-]*$")]
HostKey = Annotated[str, Meta(max_length=4_000, pattern=r"^[0-9a-z-]+ [0-9A-Za-z+/]+={0,2}$")]


class DeliverySave(Values, frozen=True, kw_only=True):
    """Whose files, merchant or issuer, as what, and where to: a directory here, or a server."""

    directory: Directory
    """Below `files/delivered` of the data directory; with a host, there."""
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    file_form: FileForm = FileForm.CSV
    host: Host | None = None
    port: Port = 22
    server_login: ServerLogin | None = None
    host_key: HostKey | None = None
    """As `ssh-keyscan` says it, without the host: ssh-ed25519 AAAA..."""
    is_acknowledged: bool = False
    """Whether the party leaves NAME.ack with the digest."""


class DeliveryEnd(Values, frozen=True, kw_only=True):
    """Whose files are brought no more, and as what."""

    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    file_form: FileForm = FileForm.CSV


class DeliveryRetry(Values, frozen=True, kw_only=True):
    """Which file of which date; it is sent once more, or no more."""

    date: dt.date
    name: Annotated[str, Meta(max_length=100)]
    is_cancelled: bool = False


def _save(acting: Acting, values: DeliverySave) -> Result:
    _refuse_but_one(values)
    server = (values.host, values.server_login, values.host_key)
    if any(server) != all(server):
        problem = "a server is told with server-login and host-key; a directory here without them"
        raise Refusal(FIELD, field="host", problem=problem)
    if values.host is None and values.directory.startswith("/"):
        problem = "it is below files/delivered of the data directory, and begins without /"
        raise Refusal(FIELD, field="directory", problem=problem)
    if values.host_key is not None and not _is_key(values.host_key):
        problem = "it is no key of a server: take it from ssh-keyscan, and compare it by telephone"
        raise Refusal(FIELD, field="host_key", problem=problem)
    told = {
        **parties_of(acting, values.merchant, values.issuer),
        "form": values.file_form.value,
        "directory": values.directory,
        "host": values.host,
        "port": values.port if values.host is not None else None,
        "login": values.server_login,
        "host_key": values.host_key,
        "is_acknowledged": values.is_acknowledged,
        "is_active": True,
    }
    acting.connection.execute(SQL["add_delivery_way"], told | _by(acting))
    return Result(beside={"file_form": values.file_form, "host": values.host or ""})


def _end(acting: Acting, values: DeliveryEnd) -> Result:
    _refuse_but_one(values)
    told = {
        **parties_of(acting, values.merchant, values.issuer),
        "form": values.file_form.value,
    }
    if not acting.connection.execute(SQL["end_delivery_way"], told | _by(acting)).rowcount:
        raise Refusal(FIELD, field="file_form", problem="no file is brought there as that")
    return Result(beside={"file_form": values.file_form})


def _by(acting: Acting) -> dict[str, object]:
    return {
        "now": acting.now,
        "set_by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
    }


def _refuse_but_one(values: DeliverySave | DeliveryEnd) -> None:
    if (values.merchant is None) == (values.issuer is None):
        raise Refusal(FIELD, field="merchant", problem="a merchant or an issuer is named")


def _is_key(line: str) -> bool:
    """Whether what follows the kind of a key begins with that kind, as every key does."""
    kind, told = line.split(" ")
    try:
        key = base64.b64decode(told, validate=True)
    except binascii.Error:
        return False
    return key.startswith(len(kind).to_bytes(4, "big") + kind.encode()) and len(key) > len(kind) + 8


def _retry(acting: Acting, values: DeliveryRetry) -> Result:
    after = DeliveryState.CANCELLED if values.is_cancelled else DeliveryState.QUEUED
    told = {
        "business_date": values.date,
        "name": values.name,
        "state": after,
        "before": [
            row.before for row in DELIVERY_STATES if (row.action, row.after) == (RETRY, after)
        ],
        "now": acting.now,
    }
    moved = acting.connection.execute(SQL["retry_delivery"], told).rowcount
    if not moved:
        found = acting.connection.execute(SQL["delivery_states"], told).fetchone()
        if found is None:
            problem = "it has no delivery on that date: posswitch show deliveries has all"
            raise Refusal(FIELD, field="name", problem=problem)
        raise Refusal(STATE, state=found[0])
    return Result(beside={"file": values.name, "state": after})


SAVES: Final = Action(
    id=SAVE,
    en="Say where a party's files are brought",
    zh="文件送达方式",
    values=DeliverySave,
    roles=frozenset({PA, FN}),
    do=_save,
    about=about_party,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
ENDS: Final = Action(
    id=END,
    en="Bring a party's files no more",
    zh="停止送达",
    values=DeliveryEnd,
    roles=frozenset({PA, FN}),
    do=_end,
    about=about_party,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
RETRIES: Final = Action(
    id=RETRY,
    en="Deliver a file once more, or no more",
    zh="重发/取消发送",
    values=DeliveryRetry,
    roles=frozenset({PA, PO, FN}),
    do=_retry,
    about=lambda _values: THE_PLATFORM,
)
DELIVERIES: Final = View(
    id="deliveries",
    en="Deliveries",
    zh="文件送达",
    roles=frozenset({PA, PO, FN, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="name"),
        Column(name="way", kind=int, opens="delivery_ways"),
        Column(name="file_form"),
        Column(name="delivered_to"),
        Column(name="delivery_state"),
        Column(name="attempts", kind=int),
        Column(name="next_at", kind=dt.datetime),
        Column(name="last_error"),
        Column(name="sha256"),
        Column(name="delivered_at", kind=dt.datetime),
        Column(name="acknowledged_at", kind=dt.datetime),
        Column(name="undelivered", kind=bool),
    ),
    order=("business_date", "name", "way"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="undelivered", column="undelivered", kind=bool),
    ),
    actions=(RETRY,),
    exports="C",
)
WAYS: Final = View(
    id="delivery_ways",
    en="Where files are brought",
    zh="送达方式",
    roles=frozenset({PA, FN, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="id", kind=int),
        Column(name="side"),
        Column(name="party"),
        Column(name="file_form"),
        Column(name="host"),
        Column(name="port", kind=int),
        Column(name="server_login"),
        Column(name="directory"),
        Column(name="host_key"),
        Column(name="is_acknowledged", kind=bool),
        Column(name="is_active", kind=bool),
        Column(name="set_by"),
        Column(name="agreed_by"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="party", column="party"),),
    actions=(SAVE, END),
    exports="C",
)
