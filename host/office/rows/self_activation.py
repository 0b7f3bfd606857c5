"""A card's holder activates it: a number, a password, and the phone of who is to have it.

Looked at, asked of the poster, and written down, each kept by itself: the poster writes the card,
so nothing of it is held meanwhile. The form's key is the posting's, so a form that comes again is
told the same, although the password is gone by then. The public hears one text whatever is wrong;
who is signed in at the office hears what it was, and history has it.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Final

import structlog

from host.asking import exchange_key
from host.hsm.interface import Hsm
from host.model.instruments import Activation
from host.model.office import Do, Done, Outcome
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.office.action import OK, Acting, Action, Result
from host.office.bearers import who_asks
from host.office.fields import Phone, Values
from host.office.office import Office
from host.office.people import NOBODY
from host.office.phone_codes import phone_of_member
from host.office.phones import phone_hash
from host.office.places import Place
from host.office.records import DONE, Line, write_line
from host.office.refusals import AWAY, FIELD, IN_DOUBT, ONCE, Refusal, told_of
from host.office.roles import CS, IM, MB, MO, MP, PA, PO, RK, SC, SM
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.valued import values_of
from host.shards import home_of
from host.stock import binding, codes, lives
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.stock.tries import Numbered, Typed, card_of, try_code
from host.store.book import read_shard_count
from host.store.connecting import Connection

ACTIVATE: Final = "card.activate"
KEY_BYTES: Final = 16
NOBODYS_NUMBER: Final = Pan("0" * 16)
"""In the place of what is no card number: it is looked for like any other."""
SEES_WHY: Final = frozenset({CS, IM, MO, MP, SM, SC, PO, PA, RK})
"""Who is told what is wrong, where they are signed in."""

_LOG = structlog.get_logger(__name__)


class CardActivate(Values, frozen=True, kw_only=True):
    """What is on the card, and under what covers its password; whose it is to be.

    A member who has signed in needs to say no phone: it is to be their own.
    """

    number: Secret
    password: Secret
    phone: Phone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What somebody wants, as it is looked at."""

    connection: Connection
    hsm: Hsm
    values: CardActivate
    phone: str
    pan: Pan
    form: str
    line: Line

    @property
    def typed(self) -> Typed:
        """As it is counted."""
        code = codes.typed(self.values.password.reveal().decode(errors="replace"))
        return Typed(self.pan, code, self.line.source, self.phone)


def activate(office: Office, connection: Connection, asked: Do) -> Outcome:
    """Activate and bind it, or say why not. `connection` has no transaction open.

    Raises:
        psycopg.Error: it is not known to be kept; the same form asks again.
    """
    line = Line(at=office.clock(), action=ACTIVATE, source=asked.source)
    try:
        with connection.transaction():
            if asked.session:
                line.who = who_asks(office, connection, asked, line.at)
            wish = _wish_of(office, connection, asked, line)
            found = _look(wish)
        if isinstance(found, StockRefusal):
            return _refused(wish, found)
        assert office.ask is not None, "looked at first"
        return _ended(wish, found, office.ask(found))
    except Refusal as refusal:
        return told_of(refusal)


def _wish_of(office: Office, connection: Connection, asked: Do, line: Line) -> _Wish:
    values = values_of(CARD_ACTIVATE, asked.values.reveal())
    assert isinstance(values, CardActivate), "its row says so"
    if office.ask is None:
        raise Refusal(AWAY)
    told = asked.once_key.encode()
    form = hashlib.sha256(told).digest()[:KEY_BYTES] if told else os.urandom(KEY_BYTES)
    return _Wish(
        connection=connection,
        hsm=office.hsm,
        values=values,
        phone=values.phone or _own_phone(office.hsm, connection, line),
        pan=_pan_of(values.number),
        form=form.hex(),
        line=line,
    )


def _own_phone(hsm: Hsm, connection: Connection, line: Line) -> str:
    """Of a member who has signed in."""
    member = line.who.grant.place.member_id if line.who.grant is not None else None
    if member is None:
        raise Refusal(FIELD, field="phone", problem="it is needed")
    return phone_of_member(connection, hsm, member)[1]


def _pan_of(number: Secret) -> Pan:
    try:
        return Pan("".join(number.reveal().decode().split()))
    except ValueError:
        return NOBODYS_NUMBER


def _look(wish: _Wish) -> OwnRequest | StockRefusal:
    """What is to be posted, or why nothing is. As many steps, whatever is there."""
    connection, hsm = wish.connection, wish.hsm
    told = (phone_hash(hsm, wish.phone),)
    row = connection.execute(lives.SQL["member_of_phone"], told).fetchone()
    member = row[0] if row is not None else 0
    answered = _answered(wish, member)
    if answered is not None:
        card = card_of(connection, hsm, wish.pan)
        if card.id != answered:  # told alike whether there is such a card: nothing was counted
            raise Refusal(ONCE)
        _about(wish, card, member)
        return _own(wish, card, member)
    tried = try_code(connection, hsm, wish.typed, wish.line.at)
    _about(wish, tried.card, member)
    if tried.why is Why.TRIES:
        return StockRefusal(Why.TRIES, minutes=tried.minutes)
    if tried.why is not None:
        return StockRefusal(tried.why)
    return _bound(wish, tried.card, member)


def _bound(wish: _Wish, card: Numbered, member: int) -> OwnRequest | StockRefusal:
    """The password is right: whether the card may be theirs. A new phone becomes a member."""
    try:
        if member:
            binding.refuse_member(wish.connection, member)
        to_bind = binding.card_to_bind(wish.connection, card.id)
        binding.refuse_binding(wish.connection, to_bind, member, Activation.HOLDER, wish.line.at)
    except StockRefusal as refusal:
        return refusal
    by = By(wish.line.who.login or ACTIVATE, wish.line.at)
    member = lives.member_of(wish.connection, wish.hsm, wish.phone, by)
    _about(wish, card, member)
    return _own(wish, card, member)


def _about(wish: _Wish, card: Numbered, member: int) -> None:
    if card.id:
        wish.line.about = Ref("card", str(card.id))
        wish.line.place = Place(issuer_id=card.issuer, member_id=member or None)


def _own(wish: _Wish, card: Numbered, member: int) -> OwnRequest:
    return OwnRequest(
        kind=Kind.CARD_BOUND_ACTIVATION,
        key=_key(wish, member),
        card=binding.card_to_bind(wish.connection, card.id).at,
        member=member,
    )


def _key(wish: _Wish, member: int) -> OwnKey:
    return OwnKey(Origin.MEMBER, str(member), ACTIVATE, wish.form)


def _answered(wish: _Wish, member: int) -> int | None:
    """The card that the poster was asked about by this form, and has answered; None: none yet."""
    slot = exchange_key(Kind.CARD_BOUND_ACTIVATION, _key(wish, member)).text
    home = home_of(slot, read_shard_count(wish.connection))
    row = wish.connection.execute(binding.SQL["answered"], (home, slot)).fetchone()
    return None if row is None else int(row[0])


def _ended(wish: _Wish, own: OwnRequest, answer: Response) -> Outcome:
    """It was posted, or the poster said no; kept either way."""
    if answer.reason is Reason.DUPLICATE:
        raise Refusal(ONCE)
    if not answer.rrn:
        raise Refusal(IN_DOUBT)
    if not answer.is_approved:
        return _refused(wish, binding.refusal_of(answer.reason))
    wish.line.after = {"status": "active", "member_id": own.member, "rrn": answer.rrn}
    with wish.connection.transaction():
        write_line(wish.connection, wish.line, DONE)
    balance = answer.balance
    told = {"balance": f"{balance}"} if balance is not None else {}
    return Done(subject=wish.line.about.key, told={"rrn": answer.rrn, **told})


def _refused(wish: _Wish, why: StockRefusal) -> Outcome:
    """With a line of history; of who has no tries left, whose every call would be one, the log."""
    line, told = wish.line, refusal_of(why)
    if why.why is Why.TRIES:
        _LOG.warning("activation passwords are guessed", source=line.source, card=wish.pan.masked)
        return told_of(told)
    with wish.connection.transaction():
        write_line(wish.connection, line, told.code)
    role = line.who.grant.role if line.who.grant is not None else ""
    is_public = line.who is NOBODY or role not in SEES_WHY
    return told_of(refusal_of(StockRefusal(Why.CODE)) if is_public else told)


def _never(_acting: Acting, _values: CardActivate) -> Result:
    """It is done whole, by `activate`."""
    return OK


CARD_ACTIVATE: Final = Action(
    id=ACTIVATE,
    en="Activate a card by its password",
    zh="自助激活",
    values=CardActivate,
    roles=frozenset({MB}),
    do=_never,
    about=None,
    is_entry=True,
    whole=activate,
)
