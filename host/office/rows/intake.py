"""What comes in by files: sent first, looked at whole, then taken whole or not at all.

A file is sent by itself, for what waits for a second person holds nothing that is secret: it names
the file by its number, and whoever agrees agrees to that one.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from host.model.secrets import Pan, Secret
from host.model.word import Word
from host.office import cards_in, files
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import (
    Count,
    InstitutionId,
    Login,
    MerchantId,
    Money,
    Name,
    Note,
    Number,
    Text,
    Values,
)
from host.office.grants import find_at_work
from host.office.jobs import AtWork, begin_job
from host.office.members_in import MEMBER_COLUMNS, Whose, known_members, take_members
from host.office.reading import Fault, Line, Wanted, number_problem, read_rows, refuse_faults
from host.office.refusals import FIELD, NOT_FOUND, TOO_LARGE, Refusal
from host.office.roles import BM, FN, HR, IM, MO, PA, PO
from host.office.subjects import Ref, find
from host.office.words import word_of
from host.stock.batches import By, NewBatch, create_batch
from host.stock.shipping import Places, Shipment, Unsendable, ship_numbers, ship_range, unsendable

CARD_IMPORT: Final = "card.import"
MEMBER_IMPORT: Final = "member.import"
FILE: Final = "file"


class FileSend(Values, frozen=True, kw_only=True):
    """A file that another action is to read; yours alone, and kept sealed for some days."""

    name: Name
    content: Secret
    """In base64."""


class ShipmentImport(Values, frozen=True, kw_only=True):
    """Plastic cards that were sent: places of a part, or a file of their numbers."""

    batch: str
    reference: Name
    recipient: Name
    part: Number = 1
    first: Number | None = None
    last: Number | None = None
    file: Number | None = None
    carrier: Text = ""
    tracking: Text = ""


class MemberImport(Values, frozen=True, kw_only=True):
    """Members out of a file: all of them or none."""

    issuer: InstitutionId
    file: Number
    merchant: MerchantId | None = None
    note: Note


class CardImport(Values, frozen=True, kw_only=True):
    """Cards of another system with what they have, as a card batch that another person opens.

    What the other system owes on them is told, and is what they have here, to the last unit.
    """

    product: Number
    name: Name
    responsible: Login
    file: Number
    liability_minor: Count
    liability_points: Count = 0
    vendor: Number | None = None
    face_minor: Money | None = None
    note: Note


def _send(acting: Acting, values: FileSend) -> Result:
    try:
        whole = base64.b64decode(values.content.reveal(), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(FIELD, field="content", problem="it is not in base64") from None
    if not whole:
        raise Refusal(FIELD, field="content", problem="the file is empty")
    if len(whole) > files.FILE_BYTES_MAX:
        raise Refusal(TOO_LARGE, field="content", bytes_max=files.FILE_BYTES_MAX)
    owner = files.Owner(person=acting.who.person or 0, place=acting.grant.place)
    number = files.keep_sent(
        acting.connection, acting.hsm, owner, values.name, Secret(whole), acting.now
    )
    return Result(told={"file": number, "bytes": len(whole)})


def sent_content(acting: Acting, number: int) -> Secret:
    """What is in a file that the asker has sent.

    Raises:
        Refusal: there is none of theirs, or it is gone.
    """
    try:
        file = files.read_file(acting.connection, number)
        is_theirs = file.person == acting.who.person and file.kind == "import"
        if is_theirs and file.state == "ready" and file.expires_at > acting.now:
            return files.content_of(acting.connection, acting.hsm, number)
    except files.NoFileError:
        pass
    raise Refusal(NOT_FOUND, field=FILE, what="file")


# Shipments. -------------------------------------------------------------------------------------


_NUMBERS: Final = (Wanted(name="card_number", problem=number_problem),)


def _ship(acting: Acting, values: ShipmentImport) -> Result:
    batch = int(acting.subject.id)
    shipment = Shipment(
        batch=batch,
        reference=values.reference,
        recipient=values.recipient,
        carrier=values.carrier,
        tracking=values.tracking,
    )
    by = By(acting.who.login, acting.now)
    if values.file is not None:
        sent = _ship_file(acting, values.file, shipment, by)
    else:
        sent = ship_range(acting.connection, shipment, _places(values), by)
    return Result(told={"cards": sent}, beside={"reference": values.reference, "sent": sent})


def _places(values: ShipmentImport) -> Places:
    if values.first is None or values.last is None or values.first > values.last:
        problem = "name the first and the last place of the part, or a file of card numbers"
        raise Refusal(FIELD, field="first", problem=problem)
    return Places(values.part, values.first, values.last)


def _ship_file(acting: Acting, file: int, shipment: Shipment, by: By) -> int:
    lines = read_rows(sent_content(acting, file), _NUMBERS, unique="card_number")
    pans = [Pan(line.cells["card_number"]) for line in lines]
    wrong = unsendable(acting.connection, acting.hsm, shipment.batch, pans)
    refuse_faults(
        [Fault(lines[one.place].number, "card_number", _why_unsendable(one)) for one in wrong]
    )
    sent = ship_numbers(acting.connection, acting.hsm, shipment, pans, by)
    files.end_file(acting.connection, file)
    return sent


def _why_unsendable(one: Unsendable) -> Word:
    if one.status is None:
        return Word("no card of this batch", "不是该批次的卡")
    sale, status = word_of(one.sale or ""), word_of(one.status)
    return Word(f"it is {sale.en}, {status.en}", f"此卡{sale.zh}, {status.zh}")


# Members. ---------------------------------------------------------------------------------------


def _import_members(acting: Acting, values: MemberImport) -> Result:
    merchant = None
    if values.merchant is not None:
        merchant = acting.find("merchant", values.merchant).id
    lines = _new_members(acting, values.file)
    plan = {"file": values.file, "merchant": merchant, "by": acting.who.login}
    job = begin_job(acting, MEMBER_IMPORT, acting.subject, total=len(lines), plan=plan)
    told = {"members": len(lines), "job": job}
    return Result(told=told, beside=told)


def _new_members(acting: Acting, file: int) -> Sequence[Line]:
    lines = read_rows(sent_content(acting, file), MEMBER_COLUMNS, unique="phone")
    known = known_members(acting.connection, acting.hsm, lines, int(acting.subject.id))
    problem = Word("a member has it already", "已是会员")
    refuse_faults([Fault(line, "phone", problem) for line in known])
    return lines


def take_file_of_members(at_work: AtWork) -> int:
    """All members of a file in one transaction: the step of the job that takes them."""
    plan: dict[str, Any] = at_work.job.plan
    content = files.content_of(at_work.connection, at_work.hsm, plan["file"])
    lines = read_rows(content, MEMBER_COLUMNS, unique="phone")
    by = By(plan["by"], at_work.now)
    issuer = at_work.job.place.issuer_id
    assert issuer is not None, "it is about an issuer"
    whose = Whose(issuer, plan["merchant"])
    take_members(at_work.connection, at_work.hsm, lines, whose, by)
    files.end_file(at_work.connection, plan["file"])
    return at_work.job.total


# Cards of another system. ------------------------------------------------------------------------


def _import_cards(acting: Acting, values: CardImport) -> Result:
    find_at_work(acting, values.responsible)
    owed = cards_in.Owed(values.liability_minor, values.liability_points)
    lines = cards_in.read_cards(sent_content(acting, values.file))
    cards_in.check_cards(acting.connection, acting.hsm, values.product, lines)
    cards_in.check_liability(lines, owed)
    new = NewBatch(
        product=values.product,
        name=values.name,
        cards=len(lines),
        responsible=values.responsible,
        vendor=values.vendor,
        face_minor=values.face_minor,
        note=values.note,
    )
    by = By(acting.who.login, acting.now)
    made = create_batch(acting.connection, new, by, is_chosen=True)
    plan = cards_in.Plan(
        file=values.file, part=made.part, by=acting.who.login, minor=owed.minor, points=owed.points
    )
    batch = find(acting.connection, Ref("card_batch", made.code))
    assert batch is not None, "it was made just now"
    job = begin_job(acting, CARD_IMPORT, batch, total=len(lines) + 1, plan=plan)
    told: dict[str, Any] = {"cards": len(lines), "job": job}
    told |= {"before": cards_in.told_of(owed), "after": cards_in.told_of(owed)}
    return Result(key=made.code, told=told)


def take_file_of_cards(at_work: AtWork) -> int:
    """The step of the job that takes them."""
    plan = msgspec.convert(at_work.job.plan, cards_in.Plan)
    content = files.content_of(at_work.connection, at_work.hsm, plan.file)
    done = cards_in.take_cards(at_work, content, plan)
    if done == at_work.job.total:
        files.end_file(at_work.connection, plan.file)
    return done


FILE_SEND: Final = Action(
    id="file.send",
    en="Send a file",
    zh="上传文件",
    values=FileSend,
    roles=frozenset({BM, PO, IM, FN, MO, HR}),
    do=_send,
    about=None,
    bytes_max=6 * 1024 * 1024,
)
SHIPMENT_IMPORT: Final = Action(
    id="shipment.import",
    en="Record a shipment of cards",
    zh="登记发货",
    values=ShipmentImport,
    roles=frozenset({BM, PO}),
    do=_ship,
    about=lambda values: Ref("card_batch", values.batch),
    takes=FILE,
)
MEMBERS: Final = Action(
    id=MEMBER_IMPORT,
    en="Import members",
    zh="导入会员",
    values=MemberImport,
    roles=frozenset({IM, FN}),
    do=_import_members,
    about=lambda values: Ref("issuer", values.issuer),
    second=Second.ALWAYS,
    approvers=frozenset({IM, FN, PA}),
    step=Step.OWN,
    takes=FILE,
)
CARDS: Final = Action(
    id=CARD_IMPORT,
    en="Import cards of another system",
    zh="导入他系统卡",
    values=CardImport,
    roles=frozenset({IM, FN}),
    do=_import_cards,
    about=lambda _values: Ref("card_batch", ""),
    within=lambda values: Ref("product", str(values.product)),
    second=Second.ALWAYS,
    approvers=frozenset({IM, FN, PA}),
    step=Step.OWN,
    takes=FILE,
)
