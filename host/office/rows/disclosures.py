"""What leaves the house: cards in a file, one activation password, one value that is masked."""

import base64
import datetime as dt
from typing import Any, Final, Literal

from host.model.instruments import BatchState, CardStatus
from host.model.secrets import Secret
from host.model.word import Word
from host.office import files
from host.office.action import Acting, Action, Result, Second, Step
from host.office.disclosing import (
    SQL,
    Disclosure,
    Wanted,
    count_cards,
    disclose,
    grouped,
    hand_out,
    shown_since,
)
from host.office.fields import Name, Note, Number, Text, Values
from host.office.jobs import begin_job
from host.office.passwords import refuse_easy
from host.office.refusals import (
    ACTIVATED,
    DAY_LIMIT,
    FIELD,
    GONE,
    NONE_UNSOLD,
    NOT_FOUND,
    NOT_YOUR_ROLE,
    SOLD,
    STATE,
    TOO_MANY_CARDS,
    Refusal,
)
from host.office.roles import BM, BO, CS, FN, IM, MO, PA, PO, ROLES
from host.office.sheets import CSV_ROWS_MAX, ROWS_MAX
from host.office.subjects import Ref
from host.stock.codes import place_of
from host.stock.lives import PHONE_USE
from host.store.office_settings import REVEALS_A_DAY_MAX, value_of

EXPORT: Final = "card_batch.export"
REVEAL: Final = "reveal"
"""The right that lets service see an activation password."""
SHOWN_SECONDS: Final = 20
"""So long a screen shows what was revealed."""
_BEING_MADE: Final = frozenset({BatchState.DRAFT, BatchState.GENERATING})


class BatchExport(Values, frozen=True, kw_only=True):
    """Cards of a batch in a file, once a rights owner has released it; taken once.

    Whole numbers and activation passwords only of unsold cards, and only in a workbook.
    """

    batch: str
    part: Number | None = None
    first: Number | None = None
    last: Number | None = None
    chosen: tuple[Number, ...] = ()
    sale: Literal["unsold", "allocated", "sold", "returned"] | None = None
    with_secrets: bool = False
    format: Literal["xlsx", "csv"] = "xlsx"
    workbook_password: Secret | None = None
    recipient: Name
    note: Note


class FileTake(Values, frozen=True, kw_only=True):
    """What a job made for you: handed out once."""

    file: Number


class CardReveal(Values, frozen=True, kw_only=True):
    """One card's activation password, on one screen, for 20 seconds."""

    card: Number
    reason: Literal["vendor_fault", "customer", "test"]
    note: Text = ""


class ValueUnmask(Values, frozen=True, kw_only=True):
    """One value that is masked everywhere else."""

    member: Number
    value: Literal["phone", "name"]
    note: Note


def _export(acting: Acting, values: BatchExport) -> Result:
    wanted = _wanted(acting, values)
    cards = _checked(acting, values, wanted)
    owner = files.Owner(person=acting.who.person or 0, place=acting.subject.place)
    name = f"{values.batch}.{values.format}"
    password = values.workbook_password if wanted.is_workbook else None
    file = files.begin_made(acting.connection, acting.hsm, owner, name, password, acting.now)
    disclose(acting, acting.subject, _line(values, cards, acting.agreed_by, file))
    plan = {"file": file, "wanted": wanted}
    job = begin_job(acting, EXPORT, acting.subject, total=cards, plan=plan)
    told = {"cards": cards, "file": file, "job": job}
    return Result(told=told, beside=told)


def _line(values: BatchExport, cards: int, released_by: str, file: int) -> Disclosure:
    secret, masked = "card numbers and activation passwords", "masked card numbers"
    return Disclosure(
        kind="export",
        what=secret if values.with_secrets else masked,
        values_shown=cards,
        has_secrets=values.with_secrets,
        recipient=values.recipient,
        purpose=values.note,
        released_by=released_by,
        file=file,
    )


def _wanted(acting: Acting, values: BatchExport) -> Wanted:
    is_open = not values.chosen and values.sale is None
    return Wanted(
        batch=int(acting.subject.id),
        part=values.part,
        first=values.first,
        last=values.last,
        chosen=values.chosen or None,
        sale="unsold" if values.with_secrets and is_open else values.sale,
        with_secrets=values.with_secrets,
        is_workbook=values.format == "xlsx",
    )


def _checked(acting: Acting, values: BatchExport, wanted: Wanted) -> int:
    """How many cards it is.

    Raises:
        Refusal: the batch is none that is let out so, or too many or no cards are meant.
    """
    state = acting.subject.content["state"]
    if state in _BEING_MADE or (values.with_secrets and state == BatchState.VOIDED):
        raise Refusal(STATE, state=state)
    _check_form(acting, values)
    counted = count_cards(acting.connection, wanted)
    most = ROWS_MAX if wanted.is_workbook else CSV_ROWS_MAX
    if counted.cards > most:
        raise Refusal(TOO_MANY_CARDS, field="last", cards_max=most)
    if not counted.cards:
        raise Refusal(NONE_UNSOLD if values.with_secrets else NOT_FOUND, what="card")
    if values.with_secrets and counted.secret < counted.cards:
        if wanted.chosen is None and values.sale is None and counted.secret:
            return counted.secret
        raise Refusal(SOLD, cards=counted.cards - counted.secret)
    if wanted.chosen is not None and counted.cards < len(set(wanted.chosen)):
        raise Refusal(NOT_FOUND, field="chosen", what="card")
    return counted.cards


def _check_form(acting: Acting, values: BatchExport) -> None:
    if values.format == "csv":
        if values.with_secrets:
            problem = "activation passwords leave in a workbook only, under a password"
            raise Refusal(FIELD, field="format", problem=problem)
        return
    if values.workbook_password is None:
        problem = "a workbook needs one, of 10 characters or more"
        raise Refusal(FIELD, field="workbook_password", problem=problem)
    refuse_easy(values.workbook_password, acting.who.login)


def _foretold(acting: Acting, values: BatchExport) -> dict[str, Any]:
    """What would leave, for whom."""
    return {
        "cards": _cards(acting, values),
        "with_secrets": values.with_secrets,
        "recipient": values.recipient,
    }


def _cards(acting: Acting, values: BatchExport) -> int:
    counted = count_cards(acting.connection, _wanted(acting, values))
    return counted.secret if values.with_secrets else counted.cards


def _said(acting: Acting, values: BatchExport) -> Word:
    """What who releases it is told, bound to the code."""
    cards = _cards(acting, values)
    secret, masked = Word("activation passwords", "卡密"), Word("masked numbers", "掩码卡号")
    what = secret if values.with_secrets else masked
    return Word(
        f"{values.batch}: {what.en} of {cards} cards for {values.recipient}",
        f"{values.batch}: {cards} 张卡的{what.zh}, 交给 {values.recipient}",
    )


def _take(acting: Acting, values: FileTake) -> Result:
    content = acting.subject.content
    if content["person_id"] != acting.who.person or content["kind"] != "export":
        raise Refusal(NOT_FOUND, what="file")
    if content["state"] == "making":
        raise Refusal(STATE, state="making")
    until = dt.datetime.fromisoformat(content["expires_at"])
    if content["state"] != "ready" or until <= acting.now:
        raise Refusal(GONE)
    whole = hand_out(acting, values.file)
    return Result(
        told={"name": content["name"], "bytes": len(whole), "sha256": content["sha256"][2:]},
        shown_once={"content": base64.b64encode(whole).decode()},
    )


def _reveal(acting: Acting, values: CardReveal) -> Result:
    if acting.grant.role == CS and REVEAL not in acting.grant.rights:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[CS])
    row = acting.connection.execute(SQL["secret_of_card"], (values.card,)).fetchone()
    assert row is not None, "it is the subject"
    sealed, status, state = row
    if state == BatchState.VOIDED or status == CardStatus.VOIDED:
        raise Refusal(STATE, state="voided")
    if sealed is None or status != CardStatus.INACTIVE:
        raise Refusal(ACTIVATED)
    _refuse_often(acting, "reveal")
    clear = acting.hsm.open_secret(bytes(sealed), place_of(values.card)).reveal().decode()
    purpose = f"{values.reason}: {values.note}".removesuffix(": ")
    line = Disclosure(kind="reveal", what="activation password", has_secrets=True, purpose=purpose)
    disclose(acting, acting.subject, line)
    return Result(
        told={"seconds": SHOWN_SECONDS}, shown_once={"activation_password": grouped(clear)}
    )


def _unmask(acting: Acting, values: ValueUnmask) -> Result:
    if acting.subject.content["state"] == "closed":  # who they were was forgotten
        raise Refusal(STATE, state="closed")
    row = acting.connection.execute(SQL["masked_of_member"], (values.member,)).fetchone()
    assert row is not None, "it is the subject"
    phone_hash, phone_sealed, name = row
    _refuse_often(acting, "unmask")
    shown = name
    if values.value == "phone":
        place = f"{PHONE_USE}/{bytes(phone_hash).hex()}"
        shown = acting.hsm.open_secret(bytes(phone_sealed), place).reveal().decode()
    line = Disclosure(kind="unmask", what=values.value, has_secrets=False, purpose=values.note)
    disclose(acting, acting.subject, line)
    return Result(told={"seconds": SHOWN_SECONDS}, shown_once={values.value: shown})


def _refuse_often(acting: Acting, kind: str) -> None:
    """So many of a kind in any day's length, by one person."""
    since = acting.now - dt.timedelta(days=1)
    times = value_of(acting.connection, REVEALS_A_DAY_MAX)
    if shown_since(acting, kind, since) >= times:
        raise Refusal(DAY_LIMIT, times=times)


BATCH_EXPORT: Final = Action(
    id=EXPORT,
    en="Export cards",
    zh="导出卡",
    values=BatchExport,
    roles=frozenset({BM, IM}),
    do=_export,
    about=lambda values: Ref("card_batch", values.batch),
    begins=tuple(one for one in BatchState if one not in _BEING_MADE),
    approvers=frozenset({BO, PA}),
    second=Second.ALWAYS,
    step=Step.OWNERS,
    said=_said,
    foretold=_foretold,
    gives="file.take",
)
FILE_TAKE: Final = Action(
    id="file.take",
    en="Take a file that was made",
    zh="下载文件",
    values=FileTake,
    roles=frozenset({BM, IM, PO, MO}),
    do=_take,
    about=lambda values: Ref("office_file", str(values.file)),
    hands_out=True,
    is_for_people=True,
)
CARD_REVEAL: Final = Action(
    id="card.reveal",
    en="See a card's activation password",
    zh="查看卡密",
    values=CardReveal,
    roles=frozenset({BO, IM, CS}),
    do=_reveal,
    about=lambda values: Ref("card", str(values.card)),
    begins=(CardStatus.INACTIVE,),
    step=Step.OWN,
)
VALUE_UNMASK: Final = Action(
    id="value.unmask",
    en="See a masked value whole",
    zh="查看全值",
    values=ValueUnmask,
    roles=frozenset({CS, PO, FN, MO}),
    do=_unmask,
    about=lambda values: Ref("member", str(values.member)),
    is_for_people=True,
)
