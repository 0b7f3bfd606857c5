"""Letters between members and who serves them: the platform, an issuer, a merchant.

Each side reads its own alone: not even the platform reads what a member and a merchant write to
each other. A letter is its member's and no card's, so what was written about a card that is
somebody else's by now stays with who had it. What was said is in no history, only that it was.
"""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from host.office.action import OK, Acting, Action, Result
from host.office.fields import Number, Values
from host.office.places import Place, Scope
from host.office.refusals import NOT_FOUND, STATE, TOO_MANY, Refusal
from host.office.roles import AU, CS, MB, MO, MP, PO
from host.office.subjects import Found, Ref
from host.office.view import Column, Filter, How, Own, View
from host.stock import lives
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "mails.sql")
LETTERS_A_DAY: Final = 20
"""From one member."""
DAY: Final = dt.timedelta(days=1)
SERVING: Final = frozenset({PO, CS, MO, MP})
"""Who writes to members."""
_OFFICES: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT})

Title = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Body = Annotated[str, Meta(min_length=1, max_length=1000)]


class MailSend(Values, frozen=True, kw_only=True):
    """A letter to a member."""

    member: Number
    title: Title
    text: Body


class MailWrite(Values, frozen=True, kw_only=True):
    """A member's own: to a store; else about a card to its issuer; else to the platform."""

    topic: Literal["question", "complaint", "praise"]
    title: Title
    text: Body
    store: Number | None = None
    card: Number | None = None
    """What it is about: one of theirs."""


class MailAnswer(Values, frozen=True, kw_only=True):
    """A letter to whoever is at the other end of this one, which is read by that."""

    mail: Number
    text: Body


class MailFile(Values, frozen=True, kw_only=True):
    """It is read; its member may let go of it, too, which an office does not."""

    mail: Number
    is_dropped: bool = False


def _send(acting: Acting, values: MailSend) -> Result:
    member = lives.holder_of(acting.connection, values.member)
    return _written(
        acting, _office_of(acting), member=member, topic="message", title=values.title,
        body=values.text,
    )  # fmt: skip


def _write(acting: Acting, values: MailWrite) -> Result:
    member = acting.grant.place.member_id
    card = acting.find("card", values.card) if values.card is not None else None
    office = Place(issuer_id=card.place.issuer_id) if card is not None else Place()
    if values.store is not None:
        told = {"store": values.store, "member": member}
        found = acting.connection.execute(SQL["merchant_of_store"], told).fetchone()
        if found is None:
            raise Refusal(NOT_FOUND, what="store")
        office = Place(merchant_id=found[0])
    return _written(
        acting, office, member=member, card=values.card, topic=values.topic, title=values.title,
        body=values.text,
    )  # fmt: skip


def _answer(acting: Acting, values: MailAnswer) -> Result:
    letter = _own(acting)
    _seen(acting, letter)
    [title] = acting.connection.execute(SQL["letter_body"], (letter.id,)).fetchone() or ("",)
    said = letter.content
    return _written(
        acting, letter.place, member=letter.place.member_id, card=said["card_id"],
        topic=said["topic"], title=title, body=values.text, thread=said["thread"],
    )  # fmt: skip


def _file(acting: Acting, values: MailFile) -> Result:
    letter = _own(acting)
    if acting.who.is_member and values.is_dropped:
        told = {"id": letter.id, "at": acting.now}
        acting.connection.execute(SQL["drop_by_member"], told)
    else:
        _seen(acting, letter)
    return OK


def _office_of(acting: Acting) -> Place:
    """For whom the grant in use writes."""
    place = acting.grant.place
    return Place(issuer_id=place.issuer_id, merchant_id=place.merchant_id)


def _own(acting: Acting) -> Found:
    """The letter, where one end of it is who asks.

    Raises:
        Refusal: it is between a member and another than the platform, which asks.
    """
    place = acting.subject.place
    is_of_platform = place.issuer_id is None and place.merchant_id is None
    if acting.grant.scope is Scope.PLATFORM and not is_of_platform:
        raise Refusal(NOT_FOUND, what="mail")
    return acting.subject


def _seen(acting: Acting, letter: Found) -> None:
    side = "member" if acting.who.is_member else "office"
    told = {"id": letter.id, "at": acting.now, "by": acting.who.login}
    acting.connection.execute(SQL[f"seen_by_{side}"], told)


def _written(acting: Acting, office: Place, **letter: Any) -> Result:
    """A letter more.

    Raises:
        Refusal: its member is forgotten, or has written so many within a day.
    """
    is_from_member = acting.who.is_member
    if is_from_member:
        _refuse_too_many(acting, letter["member"])
    told = {
        "thread": None, "card": None, "issuer": office.issuer_id, "merchant": office.merchant_id,
        "way": "from_member" if is_from_member else "to_member", "by": acting.who.login,
        "at": acting.now, **letter,
    }  # fmt: skip
    written = acting.connection.execute(SQL["add_letter"], told).fetchone()
    if written is None:
        raise Refusal(STATE, state="closed")
    number = {"mail": written[0]}
    return Result(told=number, beside=number)


def _refuse_too_many(acting: Acting, member: int) -> None:
    told = {"member": member, "others": LETTERS_A_DAY - 1}
    found = acting.connection.execute(SQL["nth_letter_from"], told).fetchone()
    if found is not None and found[0] > acting.now - DAY:
        raise Refusal(TOO_MANY)


def _of_mail(values: MailAnswer | MailFile) -> Ref:
    return Ref("mail", str(values.mail))


SEND: Final = Action(
    id="mail.send",
    en="Write to a member",
    zh="发站内信",
    values=MailSend,
    roles=SERVING,
    do=_send,
    about=lambda values: Ref("member", str(values.member)),
)
WRITE: Final = Action(
    id="mail.write",
    en="Write to a store, an issuer or the platform",
    zh="写信反馈",
    values=MailWrite,
    roles=frozenset({MB}),
    do=_write,
    about=None,
)
ANSWER: Final = Action(
    id="mail.answer",
    en="Answer a letter",
    zh="回信",
    values=MailAnswer,
    roles=SERVING | {MB},
    do=_answer,
    about=_of_mail,
)
FILE: Final = Action(
    id="mail.file",
    en="Say that a letter is read",
    zh="信件已读",
    values=MailFile,
    roles=SERVING | {MB},
    do=_file,
    about=_of_mail,
)
MAILS: Final = View(
    id="mails",
    en="Letters of members",
    zh="站内信",
    roles=SERVING | {AU},
    scopes=_OFFICES,
    columns=(
        Column(name="mail", kind=int, opens="mails"),
        Column(name="wrote_at", kind=dt.datetime),
        Column(name="mail_way"),
        Column(name="member", kind=int, opens="members"),
        Column(name="name", is_masked=True),
        Column(name="topic"),
        Column(name="title"),
        Column(name="text"),
        Column(name="pan_masked", is_masked=True),
        Column(name="written_by"),
        Column(name="read_at", kind=dt.datetime),
        Column(name="thread", kind=int, opens="mails"),
    ),
    order=("mail",),
    is_newest_first=True,
    filters=(
        Filter(name="mail", column="mail", kind=int),
        Filter(name="thread", column="thread", kind=int),
        Filter(name="member", column="member", kind=int),
        Filter(name="unread", column="office_seen_at", how=How.NOTHING),
    ),
    own={Scope.PLATFORM: Own(among="v.of_platform", order=("mail",))},
    actions=("mail.answer", "mail.file"),
)
MY_MAILS: Final = View(
    id="my_mails",
    en="My letters",
    zh="我的信件",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="mail", kind=int),
        Column(name="wrote_at", kind=dt.datetime),
        Column(name="mail_way"),
        Column(name="at_office"),
        Column(name="topic"),
        Column(name="title"),
        Column(name="text"),
        Column(name="pan_masked", is_masked=True),
        Column(name="thread", kind=int),
        Column(name="read_at", kind=dt.datetime),
    ),
    order=("mail",),
    is_newest_first=True,
    filters=(
        Filter(name="mail", column="mail", kind=int),
        Filter(name="unread", column="member_seen_at", how=How.NOTHING),
    ),
    actions=("mail.answer", "mail.file"),
)
