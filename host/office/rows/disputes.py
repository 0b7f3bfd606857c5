"""Disputes of statements: rows that a side does not take are held out until finance has answered.

Who disputes rows confirms the rest of the statement. What is held out is not paid; rejected, it is
paid with what comes next; upheld, the next night gives it back, and it is paid to nobody.
"""

import datetime as dt
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from host.model.money import Money
from host.model.numbers import business_date_of, number_of_rrn
from host.model.word import Word
from host.office import files
from host.office.action import Acting, Action, Result, Second
from host.office.dispute_refusals import HELD, LATE, PAID
from host.office.evidence import NoEvidenceError, evidence_of
from host.office.fields import Note, Number, Rrn, Values
from host.office.places import Scope
from host.office.refusals import FIELD, NOT_FOUND, STATE, Refusal
from host.office.roles import AU, FN, IM, MO, PA
from host.office.rows.intake import sent_content
from host.office.rows.programmes import business_date
from host.office.rows.reports import handed
from host.office.rows.statements import SQL, confirm, statement_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, View
from host.rules.statement_states import ANSWER, DISPUTE, StatementState
from host.shards import NIGHT_SHARD
from host.store.book import read_shard_count
from host.store.office_settings import DISPUTE_DAYS, value_of

ROWS_MAX: Final = 200
TRANSACTION: Final = Word("transaction", "交易")
"""Of one statement: more are a file to be reconciled."""
UPHOLD: Final = "uphold"


class SettlementDispute(Values, frozen=True, kw_only=True):
    """Which statement, which transactions of it, and why."""

    date: dt.date
    number: Number
    rrns: Annotated[tuple[Rrn, ...], Meta(min_length=1, max_length=ROWS_MAX)]
    note: Note
    file: Number | None = None
    """A slip or a letter: PDF, PNG or JPEG, of 2 MB at most."""


class SettlementEvidence(Values, frozen=True, kw_only=True):
    """Which statement, and with whose dispute of it the file came."""

    date: dt.date
    number: Number
    side: Literal["merchant", "issuer"]


class SettlementAnswer(Values, frozen=True, kw_only=True):
    """Which statement, whose dispute of it, and what is said to that."""

    date: dt.date
    number: Number
    verdict: Literal["uphold", "reject"]
    note: Note
    side: Literal["merchant", "issuer"] | None = None
    """Needed where both dispute rows of it."""


class _Moved(NamedTuple):
    """What a transaction moved between the two."""

    shard: int
    number: int
    amount_minor: int


class _Disputed(NamedTuple):
    """A dispute as it stands."""

    side: str
    at_stake_minor: int
    is_answered: bool


def _dispute(acting: Acting, values: SettlementDispute) -> Result:
    told = statement_of(acting)
    _refuse_late(acting, values)
    moved = _moved(acting, values)
    side = confirm(acting)
    told |= {"side": side, "why": values.note, "file": _kept(acting, values)}
    acting.connection.execute(SQL["add_dispute"], told)
    told |= {
        "held_shards": [one.shard for one in moved],
        "held": [one.number for one in moved],
        "amounts": [one.amount_minor for one in moved],
    }
    if acting.connection.execute(SQL["add_held"], told).rowcount < len(moved):
        raise Refusal(HELD, field="rrns")
    held = sum(max(one.amount_minor, 0) for one in moved)
    said = {"side": side, "held_out_minor": held}
    return Result(told=said, beside={**said, "rrns": list(values.rrns)})


def _kept(acting: Acting, values: SettlementDispute) -> int | None:
    """What was sent with it, without what was hidden in it; nothing of what was sent is left."""
    if values.file is None:
        return None
    try:
        kept = evidence_of(sent_content(acting, values.file))
    except NoEvidenceError as error:
        raise Refusal(FIELD, field="file", problem=str(error)) from None
    files.end_file(acting.connection, values.file)
    owner = files.Owner(person=acting.who.person or 0, place=acting.grant.place)
    name = f"dispute-{acting.subject.ref.key}.{kept.kind}"
    return files.keep_evidence(acting.connection, acting.hsm, owner, name, kept.content, acting.now)


def _evidence(acting: Acting, values: SettlementEvidence) -> Result:
    """The file, to either side and to the house."""
    told = {**statement_of(acting), "side": values.side}
    row = acting.connection.execute(SQL["evidence"], told).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="side", what="file")
    number, name, sha256 = row
    content = files.content_of(acting.connection, acting.hsm, number).reveal()
    return handed(content, {"file": name, "sha256": bytes(sha256).hex()})


def _refuse_late(acting: Acting, values: SettlementDispute) -> None:
    row = acting.connection.execute(SQL["disputable"], statement_of(acting)).fetchone()
    assert row is not None, "the subject is a statement"
    drawn_at, is_paid = row
    if is_paid:
        raise Refusal(PAID)
    ended = dt.datetime.combine(values.date + dt.timedelta(days=1), dt.time(), dt.UTC)
    days = value_of(acting.connection, DISPUTE_DAYS)
    if acting.now - max(drawn_at or ended, ended) > dt.timedelta(days=days):
        raise Refusal(LATE, days=days)


def _moved(acting: Acting, values: SettlementDispute) -> list[_Moved]:
    """What these moved between the two: each is of the statement, or is not there.

    Raises:
        Refusal: one is not of it, or comes twice.
    """
    numbers = {number_of_rrn(rrn, values.date) for rrn in values.rrns}
    if len(numbers) < len(values.rrns):
        raise Refusal(FIELD, field="rrns", problem="each once")
    named = [one for one in numbers if one is not None and business_date_of(one) == values.date]
    shards = [*range(read_shard_count(acting.connection)), NIGHT_SHARD]
    told = {**statement_of(acting), "shards": shards, "numbers": named}
    rows = acting.connection.execute(SQL["moved_between"], told)
    moved = [_Moved(*row) for row in rows.fetchall()]
    if len(moved) < len(numbers):
        raise Refusal(NOT_FOUND, field="rrns", what=TRANSACTION)
    return moved


def _open(acting: Acting, values: SettlementAnswer) -> _Disputed:
    """The dispute that is answered.

    Raises:
        Refusal: there is none, it is answered, or there are two and none is named.
    """
    rows = acting.connection.execute(SQL["disputes_of"], statement_of(acting)).fetchall()
    named = [one for one in map(_Disputed._make, rows) if values.side in {None, one.side}]
    if not named:
        raise Refusal(FIELD, field="number", problem="nobody disputes it")
    found = [one for one in named if not one.is_answered]
    if not found:
        raise Refusal(STATE, state=StatementState.CONFIRMED)
    if len(found) > 1:
        raise Refusal(FIELD, field="side", problem="both sides dispute rows of it")
    return found[0]


def _settled(acting: Acting, values: SettlementAnswer) -> SettlementAnswer:
    """Whose dispute it is, by name."""
    side: Literal["merchant", "issuer"]
    side = "merchant" if _open(acting, values).side == "merchant" else "issuer"
    return msgspec.structs.replace(values, side=side)


def _is_above_limit(acting: Acting, values: SettlementAnswer) -> bool:
    limit = acting.grant.limit_minor
    return limit is None or _open(acting, values).at_stake_minor > limit


def _answer(acting: Acting, values: SettlementAnswer) -> Result:
    found = _open(acting, values)
    told = {
        **statement_of(acting),
        "side": found.side,
        "is_upheld": values.verdict == UPHOLD,
        "note": values.note,
        "by": acting.who.login,
        "agreed_by": acting.agreed_by or None,
        "now": acting.now,
        "open_date": business_date(acting),
    }
    if not acting.connection.execute(SQL["answer_dispute"], told).rowcount:
        raise Refusal(STATE, state=StatementState.CONFIRMED)
    return Result(beside={"side": found.side, "verdict": values.verdict})


def _foretold(acting: Acting, values: SettlementAnswer) -> dict[str, str]:
    """What is at stake."""
    unit = acting.subject.content["unit"]
    return {"at_stake": str(Money(_open(acting, values).at_stake_minor, unit))}


DISPUTES: Final = Action(
    id=DISPUTE,
    en="Dispute rows of a statement",
    zh="提出异议",
    values=SettlementDispute,
    roles=frozenset({MO, IM}),
    do=_dispute,
    about=lambda values: Ref("settlement", f"{values.date:%Y%m%d}-{values.number}"),
    takes="file",
)
ANSWERS: Final = Action(
    id=ANSWER,
    en="Answer a dispute of a statement",
    zh="答复异议",
    values=SettlementAnswer,
    roles=frozenset({FN}),
    do=_answer,
    about=lambda values: Ref("settlement", f"{values.date:%Y%m%d}-{values.number}"),
    settled=_settled,
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({FN, PA}),
    foretold=_foretold,
)
EVIDENCE: Final = Action(
    id="settlement.evidence",
    en="Have the file that came with a dispute",
    zh="领取异议附件",
    values=SettlementEvidence,
    roles=frozenset({PA, FN, AU, IM, MO}),
    do=_evidence,
    about=lambda values: Ref("settlement", f"{values.date:%Y%m%d}-{values.number}"),
    hands_out=True,
)
DISPUTED: Final = View(
    id="disputes",
    en="Disputes of statements",
    zh="结算异议",
    roles=frozenset({PA, FN, AU, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="settlement"),
        Column(name="business_date", kind=dt.date, opens="settlements"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="side"),
        Column(name="rrns", kind=list),
        Column(name="held_out_minor", kind=int),
        Column(name="at_stake_minor", kind=int),
        Column(name="unit"),
        Column(name="note"),
        Column(name="file_name"),
        Column(name="disputed_by"),
        Column(name="disputed_at", kind=dt.datetime),
        Column(name="verdict"),
        Column(name="answer_note"),
        Column(name="answered_by"),
        Column(name="corrected_rrn"),
    ),
    order=("business_date", "id", "side"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="issuer", column="issuer", beside="date"),
        Filter(name="is_open", column="is_open", kind=bool, beside="date"),
        Filter(name="settlement", column="id", how=How.STATEMENT),
    ),
    actions=(ANSWER, EVIDENCE.id),
    exports="C",
)
