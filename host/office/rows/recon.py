"""What merchants, issuers, the bank and ports say of a date: taken whole, matched, what differs.

A file is one of a date and of whom it is. What matches is a fact for ever; what does not is a
difference, which is somebody's to explain and to answer for good.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from host.model.money import Money
from host.model.recon import Answer, Difference, Layout, Source
from host.office import files
from host.office.action import Acting, Action, Result, Second
from host.office.fields import InstitutionId, MerchantId, Note, Number, Values
from host.office.jobs import AtWork, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.recon_files import LAYOUTS
from host.office.recon_matching import SQL, add_lines, match_files
from host.office.recon_refusals import SUM, UNFIT
from host.office.refusals import FIELD, NOT_FOUND, STATE, Refusal
from host.office.roles import AU, FN, MO, PA, PO
from host.office.rows.intake import sent_content
from host.office.rows.programmes import business_date
from host.office.subjects import THE_PLATFORM, Ref
from host.office.view import Column, Filter, How, View
from host.store.trace import numbers_of_rrn

MATCH_FILES: Final = "recon.import"
Rrn = Annotated[str, Meta(pattern=r"^[0-9]{4}[0-9A-Z][0-9]{7}$")]


class ReconExpect(Values, frozen=True, kw_only=True):
    """Who is to send a file of each business date, and until when."""

    file_layout: Layout
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None
    since: dt.date | None = None
    """The first date; the open one without it."""
    until: dt.date | None = None


class ReconImport(Values, frozen=True, kw_only=True):
    """A file of what somebody else has of a business date: whole, or nothing of it."""

    file_layout: Layout
    date: dt.date
    file: Number
    merchant: MerchantId | None = None
    issuer: InstitutionId | None = None


class ReconMatch(Values, frozen=True, kw_only=True):
    """What is done about a difference, and about others together with it."""

    difference: Number
    answer: Answer
    others: tuple[Number, ...] = ()
    rrn: Rrn | None = None
    """Of the posting that has mended it."""
    note: Note


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    date: dt.date
    login: str
    grant: Grant
    approval: int | None = None


class _Party(NamedTuple):
    """Whose a file is, by numbers, and what they are known by."""

    merchant: int | None
    issuer: int | None
    port: str | None
    known_as: str


def _about(values: ReconExpect | ReconImport) -> Ref:
    if values.merchant is not None:
        return Ref("merchant", values.merchant)
    return THE_PLATFORM if values.issuer is None else Ref("issuer", values.issuer)


def _party(acting: Acting, values: ReconExpect | ReconImport) -> _Party:
    """Whose it is, as its layout has it.

    Raises:
        Refusal: it is not told, or another kind is.
    """
    row = LAYOUTS[values.file_layout]
    wanted = {Source.MERCHANT: "merchant", Source.ISSUER: "issuer"}.get(row.source, "")
    for field in ("merchant", "issuer"):
        if (getattr(values, field) is not None) != (field == wanted):
            problem = "it is needed" if field == wanted else "a file of that layout is not theirs"
            raise Refusal(FIELD, field=field, problem=problem)
    number = int(acting.subject.id)
    return _Party(
        number if wanted == "merchant" else None,
        number if wanted == "issuer" else None,
        row.port,
        acting.subject.ref.key,
    )


def _whose(party: _Party) -> dict[str, int | str | None]:
    return {"merchant_id": party.merchant, "issuer_id": party.issuer, "port": party.port}


def _expect(acting: Acting, values: ReconExpect) -> Result:
    party = _party(acting, values)
    since = values.since or business_date(acting)
    if values.until is not None and values.until < since:
        raise Refusal(FIELD, field="until", problem="it ends before it begins")
    told = {
        "source": LAYOUTS[values.file_layout].source.value,
        **_whose(party),
        "since": since,
        "until": values.until,
        "by": acting.who.login,
    }
    acting.connection.execute(SQL["add_due"], told)
    until = values.until.isoformat() if values.until else ""
    return Result(beside={"recon_source": told["source"], "since": str(since), "until": until})


def _import(acting: Acting, values: ReconImport) -> Result:
    party, row = _party(acting, values), LAYOUTS[values.file_layout]
    _refuse_open(acting, values.date)
    content = sent_content(acting, values.file)
    read = row.read(content, party.known_as)
    told = {
        "source": row.source.value,
        "layout": values.file_layout.value,
        **_whose(party),
        "business_date": values.date,
        "unit": read.unit,
        "sha256": hashlib.sha256(content.reveal()).digest(),
        "lines": len(read.lines),
        "by": acting.who.login,
        "now": acting.now,
    }
    added = acting.connection.execute(SQL["add_recon_file"], told).fetchone()
    assert added is not None, "RETURNING"
    add_lines(acting.connection, added[0], read.lines)
    files.end_file(acting.connection, values.file)
    plan = Plan(date=values.date, login=acting.who.login, grant=acting.grant)
    job = begin_job(acting, MATCH_FILES, acting.subject, total=1, plan=plan)
    said = {"date": values.date.isoformat(), "lines": len(read.lines)}
    return Result(told={**said, "job": job}, beside={**said, "recon_source": row.source.value})


def _refuse_open(acting: Acting, date: dt.date) -> None:
    found = acting.connection.execute(SQL["recon_day"], {"business_date": date}).fetchone()
    if found is None:
        raise Refusal(FIELD, field="date", problem="there was no such business date")
    if found == ("open",):
        raise Refusal(STATE, state="open")


def match_date(at_work: AtWork) -> int:
    """Match all files of the date that wait: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    match_files(at_work.connection, plan.date, at_work.now)
    return at_work.job.total


# What people do about differences. ----------------------------------------------------------------


class _Open(NamedTuple):
    """A difference as it stands."""

    id: int
    source: str
    merchant: int | None
    issuer: int | None
    port: str | None
    unit: str
    ours_minor: int
    theirs_minor: int
    answer: str | None
    number: int | None
    """Of the posting that differs, where we have one."""


def _differences(acting: Acting, values: ReconMatch) -> list[_Open]:
    items = sorted({values.difference, *values.others})
    rows = acting.connection.execute(SQL["differences"], {"items": items}).fetchall()
    found = [_Open(*row) for row in rows]
    if len(found) < len(items):
        raise Refusal(NOT_FOUND, field="others", what="recon_item")
    return found


def _other(found: Sequence[_Open]) -> int:
    """How much more they have than we do."""
    return sum(one.theirs_minor - one.ours_minor for one in found)


def _is_above_limit(acting: Acting, values: ReconMatch) -> bool:
    if values.answer is not Answer.WRITE_OFF:
        return False
    limit = acting.grant.limit_minor
    at_stake = sum(abs(_other([one])) for one in _differences(acting, values))
    return limit is None or at_stake > limit


def _match(acting: Acting, values: ReconMatch) -> Result:
    found = _differences(acting, values)
    if any(one.answer is not None for one in found):
        raise Refusal(STATE, state="resolved")
    if values.rrn is not None and values.answer is not Answer.POSTED:
        raise Refusal(FIELD, field="rrn", problem="only what was posted has one")
    told: dict[str, Any] = {"items": [one.id for one in found], "by": acting.who.login}
    said = {"others": [one.id for one in found if one.id != values.difference]}
    if values.answer is Answer.TAKE:
        acting.connection.execute(SQL["take_differences"], told)
        return Result(beside=said)
    if len({(one.source, one.merchant, one.issuer, one.port, one.unit) for one in found}) > 1:
        raise Refusal(FIELD, field="others", problem="they are not of one file's party and unit")
    if values.answer is Answer.MATCH and _other(found):
        raise Refusal(SUM, amount=Money(abs(_other(found)), found[0].unit))
    told |= {
        "answer": values.answer.value,
        "now": acting.now,
        "with": values.difference,
        "note": values.note,
        **_mending(acting, values, found),
    }
    acting.connection.execute(SQL["answer_differences"], told)
    return Result(beside=said)


def _mending(acting: Acting, values: ReconMatch, found: Sequence[_Open]) -> dict[str, int | None]:
    """The posting that has mended it: of the difference, and of no other.

    Raises:
        Refusal: it is not named, or not that.
    """
    if values.answer is not Answer.POSTED:
        return {"shard": None, "number": None}
    if values.rrn is None or len(found) > 1:
        field, problem = ("others", "each is mended by a posting of its own")
        if values.rrn is None:
            field, problem = ("rrn", "it is needed")
        raise Refusal(FIELD, field=field, problem=problem)
    asked = numbers_of_rrn(acting.connection, values.rrn)
    row = acting.connection.execute(SQL["mending"], asked).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="rrn", what="posting")
    shard, number, amount_minor, unit, merchant, is_used = row
    if number == found[0].number:
        raise Refusal(FIELD, field="rrn", problem="it is what differs, and mends nothing")
    if None not in {merchant, found[0].merchant} and merchant != found[0].merchant:
        raise Refusal(NOT_FOUND, field="rrn", what="posting")
    amount = Money(abs(_other(found)), found[0].unit)
    if is_used or (amount_minor, unit) != (amount.amount_minor, amount.unit):
        raise Refusal(UNFIT, field="rrn", amount=amount, posted=Money(amount_minor, unit))
    return {"shard": shard, "number": number}


EXPECT: Final = Action(
    id="recon.expect",
    en="Say who sends files to be reconciled",
    zh="设定对账文件来源",
    values=ReconExpect,
    roles=frozenset({FN}),
    do=_expect,
    about=_about,
)
IMPORT: Final = Action(
    id=MATCH_FILES,
    en="Take a file to be reconciled",
    zh="导入对账文件",
    values=ReconImport,
    roles=frozenset({FN, MO}),
    do=_import,
    about=_about,
    takes="file",
)
MATCH: Final = Action(
    id="recon.match",
    en="Answer a difference",
    zh="勾对/核销差异",
    values=ReconMatch,
    roles=frozenset({FN}),
    do=_match,
    about=lambda values: Ref("recon_item", str(values.difference)),
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({FN, PA}),
)
RECON_ITEMS: Final = View(
    id="recon_items",
    en="Reconciliation differences",
    zh="对账差异",
    roles=frozenset({PA, PO, AU, FN, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="business_date", kind=dt.date),
        Column(name="recon_source"),
        Column(name="difference"),
        Column(name="rrn"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="port", hidden_from=frozenset({Scope.MERCHANT})),
        Column(name="terminal_id"),
        Column(name="ours_minor", kind=int),
        Column(name="theirs_minor", kind=int),
        Column(name="other_minor", kind=int),
        Column(name="unit"),
        Column(name="suggested"),
        Column(name="score", kind=int),
        Column(name="age_days", kind=int),
        Column(name="owner"),
        Column(name="answer"),
        Column(name="answered_by"),
        Column(name="mended_rrn"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="recon_source", column="recon_source", kind=Source, beside="date"),
        Filter(name="difference", column="difference", kind=Difference, beside="date"),
        Filter(name="is_open", column="is_open", kind=bool, beside="date"),
        Filter(name="id", column="id", kind=int),
        Filter(name="unanswered", column="answer", how=How.NOTHING, order=("business_date", "id")),
    ),
    actions=("recon.match",),
    exports="CX",
)
RECON_FILES: Final = View(
    id="recon_files",
    en="Files to be reconciled",
    zh="对账文件",
    roles=frozenset({PA, PO, AU, FN, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="business_date", kind=dt.date),
        Column(name="recon_source"),
        Column(name="merchant", opens="merchants"),
        Column(name="issuer", opens="issuers"),
        Column(name="port", hidden_from=frozenset({Scope.MERCHANT})),
        Column(name="sent_by"),
        Column(name="sent_at", kind=dt.datetime),
        Column(name="lines", kind=int),
        Column(name="matched", kind=int),
        Column(name="matched_at", kind=dt.datetime),
        Column(name="sha256"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="date", column="business_date", kind=dt.date),),
    actions=("recon.import",),
    exports="C",
)
