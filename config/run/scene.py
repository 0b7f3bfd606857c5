"""The demo's estate is loaded with what a visitor finds there: a seat, and a member's belongings.

All of it was there before the first message, so no trade waits for it.
"""

from pathlib import Path
from typing import Final

from config.places import Places
from config.run.estates import loader
from config.run.hsm import open_hsm
from config.run.seats import make_seat_key
from config.run.supervisor import LoadEstate
from config.settings import Settings, resolved
from host.clock import utc_now
from host.estate.demo import CITY_CARDS, PEAR_CARDS
from host.estate.plan import EstatePlan
from host.estate.scene import SEAT, in_scene
from host.hsm.interface import Hsm
from host.office.visitors import MADE_BY, PHONE
from host.stock import lives, vouchers
from host.stock.batches import By
from host.store.connecting import LONG, Connection, connect

CARDS: Final = (CITY_CARDS, CITY_CARDS + PEAR_CARDS)
"""Of the member: the last of each issuer, with points; tills trade with them, too."""
VOUCHER_BATCHES: Final = (14, 16)
"""Of which they have a voucher each, as their house's own numbers."""
CHANNEL: Final = "issue"


def scene_loader(plan: EstatePlan, settings: Settings) -> LoadEstate:
    """What puts the plan into a database, with the scene around it."""
    load_plan = loader(in_scene(plan), settings.host.timezone)

    def load(dsn: str, places: Places) -> None:
        load_plan(dsn, places)
        hsm = open_hsm(settings.host.hsm, places, dsn)
        with connect(dsn, LONG) as connection, connection.transaction():
            _give(connection, hsm)
            seats = Path(resolved(settings, places).web.seats).absolute()
            make_seat_key(connection, hsm, SEAT, seats, by=MADE_BY)

    return load


def _give(connection: Connection, hsm: Hsm) -> None:
    """A member's cards and vouchers."""
    by = By(MADE_BY, utc_now())
    member = lives.member_of(connection, hsm, PHONE, by)
    for card in CARDS:
        lives.rebind_card(connection, card, member, by.at)
    for batch in VOUCHER_BATCHES:
        found = vouchers.claim_of_batch(connection, batch, member, 1)
        vouchers.add_claims(connection, found, member, CHANNEL, by)
