"""The database lets a card stand as the tables of states say, and in no other way."""

import re

import psycopg

from config.run.database import Dsns
from host.model.vouchers import VoucherState
from host.rules.card_states import CARD_TOLD


def test_a_card_and_a_voucher_may_stand_as_their_tables_say(database: Dsns) -> None:
    with psycopg.connect(database.owner) as connection:
        [(check,)] = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'card_status'"
        ).fetchall()
    states = {str(state) for state in (*(row.status for row in CARD_TOLD), *VoucherState)}
    assert set(re.findall(r"'(\w+)'", check)) == states
