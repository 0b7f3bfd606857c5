"""The demo's estate is loaded with what a visitor finds there: a seat, and a member's belongings.

All of it was there before the first message, so no trade waits for it.
"""

from pathlib import Path
from typing import Final, NamedTuple

from config.places import Places
from config.run.estates import loader
from config.run.hsm import open_hsm
from config.run.seats import make_seat_key
from config.run.supervisor import LoadEstate
from config.settings import Settings, resolved
from host.clock import utc_now
from host.estate.demo import CITY, CITY_CARDS, PEAR_CARDS
from host.estate.plan import EstatePlan
from host.estate.scene import SEAT, in_scene
from host.hsm.interface import Hsm
from host.office.rows.enterprises import SQL as ENTERPRISES
from host.office.staff_issuing import SQL as STAFF_ISSUES
from host.office.subjects import Ref, find
from host.office.visitors import ENTERPRISE, MADE_BY, PHONE
from host.stock import lives, vouchers
from host.stock.batches import By
from host.store.connecting import LONG, Connection, connect

CARDS: Final = (CITY_CARDS, CITY_CARDS + PEAR_CARDS)
"""Of the member: the last of each issuer, with points; tills trade with them, too."""
VOUCHER_BATCHES: Final = (14, 16)
"""Of which they have a voucher each, as their house's own numbers."""
CHANNEL: Final = "issue"
OFFERED: Final = 16
BUDGET_MINOR, PRICE_MINOR = 100_000, 2_500
AGREED_BY: Final = "estate-owner"


class Employee(NamedTuple):
    """One of the staff of the demo's enterprise."""

    name: str
    phone: str
    department: str
    grade: str


STAFF: Final = (
    Employee("Lin Yue", "13700137001", "Weaving", "P3"),
    Employee("He Chao", "13700137002", "Weaving", "P5"),
    Employee("Tang Li", "13700137003", "Dyeing", "P4"),
    Employee("Xu Fan", "13700137004", "Office", "P6"),
)


def scene_loader(plan: EstatePlan, settings: Settings) -> LoadEstate:
    """What puts the plan into a database, with the scene around it."""
    load_plan = loader(in_scene(plan), settings.host.timezone)

    def load(dsn: str, places: Places) -> None:
        load_plan(dsn, places)
        hsm = open_hsm(settings.host.hsm, places, dsn)
        with connect(dsn, LONG) as connection, connection.transaction():
            _give(connection, hsm)
            _employ(connection, hsm)
            seats = Path(resolved(settings, places).web.seats).absolute()
            make_seat_key(connection, hsm, SEAT, seats, by=MADE_BY)

    return load


def _employ(connection: Connection, hsm: Hsm) -> None:
    """A customer of the first issuer, with a budget, departments and staff, for its HR."""
    by = By(MADE_BY, utc_now())
    connection.execute(
        ENTERPRISES["add_enterprise"],
        {
            "code": ENTERPRISE,
            "issuer": CITY.id,
            "name": "Harbour Mill",
            "contact": "hr@mill.example",
            "state": "active",
            "by": by.who,
            "now": by.at,
        },
    )
    found = find(connection, Ref("enterprise", ENTERPRISE))
    assert found is not None, "it was just made"
    enterprise = {"enterprise": found.id}
    _let_spend(connection, found.id, by)
    for name in dict.fromkeys(one.department for one in STAFF):
        told = {**enterprise, "name": name, "goods": True, "services": True}
        connection.execute(ENTERPRISES["add_department"], told)
    for number, one in enumerate(STAFF, 1):
        member = lives.member_of(connection, hsm, one.phone, by)
        masked = f"{one.phone[:3]}****{one.phone[-4:]}"
        connection.execute(
            ENTERPRISES["save_employee"],
            {**enterprise, "code": f"M{number:03d}", "name": one.name, "member": member,
             "masked": masked, "department": one.department, "grade": one.grade,
             "state": "working", "by": by.who, "now": by.at},
        )  # fmt: skip


def _let_spend(connection: Connection, enterprise: int | str, by: By) -> None:
    """A budget, and vouchers that may be handed out of it."""
    given = {"id": enterprise, "amount": BUDGET_MINOR, "note": "autumn", "now": by.at}
    connection.execute(ENTERPRISES["grant_enterprise"], given)
    agreed = {"by": by.who, "agreed_by": AGREED_BY}
    connection.execute(ENTERPRISES["add_grant"], given | agreed)
    connection.execute(
        STAFF_ISSUES["offer"],
        {
            "enterprise": enterprise,
            "batch": OFFERED,
            "gives": "goods",
            "price": PRICE_MINOR,
            "state": "offered",
            "by": by.who,
            "now": by.at,
        },
    )


def _give(connection: Connection, hsm: Hsm) -> None:
    """A member's cards and vouchers."""
    by = By(MADE_BY, utc_now())
    member = lives.member_of(connection, hsm, PHONE, by)
    for card in CARDS:
        lives.rebind_card(connection, card, member, by.at)
    for batch in VOUCHER_BATCHES:
        found = vouchers.claim_of_batch(connection, batch, member, 1)
        vouchers.add_claims(connection, found, member, CHANNEL, by)
