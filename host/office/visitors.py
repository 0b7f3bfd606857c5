"""VISITORS: who walks around in the demo: a person of each role, let in by a link, once.

Only an estate that is the demo has them, where every key and card is public anyway. Who owns the
machine makes the links (`visit`), of which hashes are kept, as of invitations; whoever opens one on
the same machine within minutes is signed in (`host.office.rows.visiting`).
"""

import datetime as dt
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from host.estate.demo import CITY, MERCHANTS, PIECE_VOUCHERS, STORES, card_pan, voucher_code
from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.model.voucher_codes import grouped
from host.model.word import Word
from host.office.codes import new_seed
from host.office.grants import SQL as PEOPLE
from host.office.grants import Given, add_grant, columns_of
from host.office.pay_pins import pin_hash
from host.office.people import SYSTEM
from host.office.phone_codes import SQL as PHONES
from host.office.places import PLATFORM, Place, Scope
from host.office.records import DONE, Line, write_line
from host.office.roles import CS, FN, HR, IM, MB, MO, PA, ROLES, SC, SM
from host.office.sessions import Keeper, begin_session, keeper_of, totp_place
from host.office.subjects import Found, Ref, find
from host.office.tokens import new_token, token_hash
from host.stock.batches import By
from host.stock.lives import member_of
from host.store.connecting import Connection
from host.store.estates import SQL as ESTATES

ESTATE: Final = "demo"
LINK_GOOD: Final = dt.timedelta(minutes=15)
PHONE: Final = "13800138202"
"""Of the member: the demo's day gives them cards, points, vouchers and gifts."""
PAY_PIN: Final = Secret(b"480219")
MADE_BY: Final = "estate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One row: what a link lets somebody be, and what they may try there first."""

    role: str
    login: str = ""
    name: str = ""
    scope: Scope
    place: Place = PLATFORM
    tries: Word


ENTERPRISE: Final = "MILL"
"""Which the demo's day finds there."""
_TICKETS: Final = voucher_code(PIECE_VOUCHERS[0].first).reveal()
_CARD: Final = card_pan(CITY, 2).reveal()
_STORE: Final = Place(merchant_id=STORES[0].merchant_id, store_id=STORES[0].id)
VISITORS: Final = (
    Visitor(role=PA, login="visitor-platform", name="Gao Yan", scope=Scope.PLATFORM,
            tries=Word("Approvals, merchants, all lists", "复核、商户与全部列表")),
    Visitor(role=FN, login="visitor-finance", name="Fang Ning", scope=Scope.PLATFORM,
            tries=Word("The last night, and what it came to", "最近一次清算及结果")),
    Visitor(role=IM, login="visitor-issuer", name="Yu Kai", scope=Scope.ISSUER,
            place=Place(issuer_id=CITY.id),
            tries=Word("Card batches, rules, vouchers", "卡批次、规则与券")),
    Visitor(role=CS, login="visitor-service", name="Shu Fen", scope=Scope.PLATFORM,
            tries=Word(f"The card {_CARD} in the box at the top",
                       f"在顶部搜索框输入卡号 {_CARD}")),
    Visitor(role=MO, login="visitor-merchant", name="Shen Lan", scope=Scope.MERCHANT,
            place=Place(merchant_id=MERCHANTS[0].id),
            tries=Word("Yesterday's statement, to its last line", "昨日结算单, 看到每一笔")),
    Visitor(role=SM, login="visitor-store", name="Dian Bo", scope=Scope.STORE, place=_STORE,
            tries=Word("The seat: 12.50, Enter, then the member's payment code",
                       "座席: 输入 12.50, 回车, 再输入会员的付款码")),
    Visitor(role=SC, login="visitor-clerk", name="Xiao Mei", scope=Scope.STORE, place=_STORE,
            tries=Word(f"The voucher {grouped(_TICKETS)}", f"券码 {grouped(_TICKETS)}")),
    Visitor(role=HR, login="visitor-hr", name="Ren Shi", scope=Scope.ENTERPRISE,
            tries=Word("Vouchers for the staff, by department", "按部门给员工发券")),
    Visitor(role=MB, scope=Scope.MEMBER,
            tries=Word("The wallet, a code to pay by, a gift that waits",
                       "卡包、付款码、待领取的礼物")),
)  # fmt: skip
"""In the order in which they are told."""
BY_LOGIN: Final[Mapping[str, Visitor]] = {one.login: one for one in VISITORS if one.login}
THE_MEMBER: Final = VISITORS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What lets somebody in once."""

    visitor: Visitor
    token: Secret


def is_demo(connection: Connection) -> bool:
    """Whether this database is one that visitors may walk around in."""
    return connection.execute(ESTATES["estate_name"]).fetchone() == (ESTATE,)


def is_of_this_machine(source: str) -> bool:
    """Whether a front was asked from the machine that it runs on."""
    front, _, host = source.partition("/")
    try:
        return front == "web" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_links(connection: Connection, hsm: Hsm, now: dt.datetime) -> list[Link]:
    """A link for each visitor; those that were made before are good no more.

    `connection` is the owner's, and the estate the demo's.
    """
    with connection.transaction():
        connection.execute(PEOPLE["hold_people"])
        found = find(connection, Ref("enterprise", ENTERPRISE))
        come = [_placed(one, found) for one in VISITORS if one.role != HR or found is not None]
        return [_link(connection, hsm, one, now) for one in come]


def _placed(visitor: Visitor, enterprise: Found | None) -> Visitor:
    """HR's is where their enterprise is."""
    if visitor.role != HR or enterprise is None:
        return visitor
    return replace(visitor, place=enterprise.place)


def signed_in(connection: Connection, hsm: Hsm, phone: str, now: dt.datetime) -> Secret:
    """The session of a member of the demo, who has this phone; `connection` is the owner's."""
    with connection.transaction():
        keeper = _member(connection, hsm, phone, now)
        session, _grant = begin_session(connection, keeper, None, MADE_BY, now)
    return session


def _link(connection: Connection, hsm: Hsm, visitor: Visitor, now: dt.datetime) -> Link:
    if visitor.role == MB:
        person = _member(connection, hsm, PHONE, now).id
    else:
        person = _worker(connection, hsm, visitor, now)
    token = new_token()
    connection.execute(PEOPLE["end_invitations"], {"person": person, "now": now})
    connection.execute(
        PEOPLE["add_invitation"],
        {
            "token_hash": token_hash(token),
            "person": person,
            "now": now,
            "by": None,
            "expires_at": now + LINK_GOOD,
        },
    )
    return Link(visitor=visitor, token=token)


def _worker(connection: Connection, hsm: Hsm, visitor: Visitor, now: dt.datetime) -> int:
    """Who works here: with a phone of their own for codes, and no password."""
    found = keeper_of(connection, visitor.login)
    if found is not None:
        return found.id
    told = {"login": visitor.login, "name": visitor.name, "now": now, "by": None}
    phone = {"phone_hash": None, "phone_sealed": None, "phone_masked": ""}
    at = columns_of(visitor.place)
    row = connection.execute(PEOPLE["add_person"], {**told, **at, **phone}).fetchone()
    assert row is not None, "RETURNING"
    person: int = row[0]
    given = Given(role=visitor.role, scope=visitor.scope, from_at=now)
    add_grant(connection, person, visitor.place, given, by=None)
    sealed = hsm.seal_secret(new_seed(), totp_place(visitor.login))
    connection.execute(PEOPLE["set_seed"], {"id": person, "totp_sealed": sealed})
    connection.execute(PEOPLE["prove_seed"], {"id": person, "totp_step": 0})
    connection.execute(PEOPLE["set_state"], {"id": person, "state": "active"})
    line = Line(at=now, action="person.save", source=MADE_BY, who=SYSTEM)
    line.about = Ref("person", visitor.login)
    line.after = {"login": visitor.login, "name": visitor.name, "role": ROLES[visitor.role].en}
    write_line(connection, line, DONE)
    return person


def _member(connection: Connection, hsm: Hsm, phone: str, now: dt.datetime) -> Keeper:
    """Whoever has a phone of the demo, with a pay PIN where they have chosen none."""
    member = member_of(connection, hsm, phone, By(MADE_BY, now))
    connection.execute(PHONES["add_person_of_member"], {"member": member, "now": now})
    row = connection.execute(PHONES["person_of_member"], (member,)).fetchone()
    assert row is not None, "it was added, or was there"
    person, login = row
    connection.execute(PHONES["let_member_in"], {"id": person, "now": now})
    keeper = keeper_of(connection, login)
    assert keeper is not None, "it is there"
    if keeper.pay_pin_hash is None:
        hashed = pin_hash(hsm, member, PAY_PIN)
        connection.execute(PHONES["set_pay_pin"], {"id": person, "hash": hashed})
    return keeper
