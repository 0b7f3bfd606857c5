"""Transaction statistics of a day, a week and a month, of each who may see them."""

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import trio

from host.model.office import Refused
from host.model.requests import Kind
from host.model.responses import Reason
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau
from tests.host.office.test_clearing import DAY
from tests.host.office.test_reports import clear

FIRST_OF = {"day": DAY, "week": DAY - dt.timedelta(days=DAY.weekday()), "month": DAY.replace(day=1)}


async def test_what_was_taken_and_refused_is_told_by_day_week_and_month(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    """S4-33, S3-28, S3-31, S3-22: each sees its own, and nobody what others pay."""
    card = pool.city()
    for amount in (1_000, 2_001):
        await till.buy(card, amount)
    for _ in range(2):
        assert (await till.buy(card, 99_000_000)).reason is not Reason.APPROVED
    wrong = till.request(Kind.PURCHASE, card, 500, pin="999999")
    assert (await till.ask(wrong)).reason is Reason.WRONG_PIN
    await trio.to_thread.run_sync(clear, till, tmp_path)
    shop = MERCHANT_OF[till.terminal_id]
    [(store,)] = bureau.sql(
        "SELECT store_id FROM terminal WHERE terminal_id = %s", till.terminal_id
    )
    [(elsewhere, other)] = bureau.sql(
        "SELECT min(s.id), min(m.merchant_id) FROM store AS s JOIN merchant AS m"
        " ON m.id = s.merchant_id WHERE m.merchant_id = %s", min({*MERCHANT_OF.values()} - {shop}),
    )  # fmt: skip
    finance = bureau.person("finance")
    owner = bureau.person("merchant_owner", "merchant", shop)
    keeper = bureau.person("store_manager", "store", str(store))
    for who in (finance, owner, keeper):
        for period, first in FIRST_OF.items():
            [row] = bureau.rows(who, "stat_transactions", date=first.isoformat(), period=period)
            told = {name: row[name] for name in ("merchant", "store", "kind", "channel")}
            assert told == {
                "merchant": shop, "store": str(store), "kind": "purchase", "channel": "pos",
            }  # fmt: skip
            figures = ("transactions", "net_minor", "mean_minor", "declines", "declined_percent")
            assert [row[name] for name in figures] == [2, 3_001, 1_501, 3, "60.0"]
            reasons = sorted(told.split(" ") for told in row["decline_reasons"])
            assert sum(int(times) for _, times in reasons) == 3
            assert ["wrong_pin", "1"] in reasons
            assert len(reasons) == 2
    day: dict[str, str] = {"date": DAY.isoformat(), "period": "day"}
    for found in ({"store": str(store)}, {"kind": "purchase"}, {"channel": "pos"}):
        assert len(bureau.rows(owner, "stat_transactions", **day, **found)) == 1
    for found in ({"store": str(elsewhere)}, {"kind": "refund"}, {"channel": "web"}):
        assert bureau.rows(owner, "stat_transactions", **day, **found) == []
    for scope, key, role in (
        ("merchant", other, "merchant_owner"), ("store", str(elsewhere), "store_manager"),
    ):  # fmt: skip
        stranger = bureau.person(role, scope, key)
        assert bureau.rows(stranger, "stat_transactions", **day) == []


def test_statistics_are_of_a_date(shared_bureau: Bureau) -> None:
    """Nobody walks through all there is."""
    asked: dict[str, Any] = {"filters": {}}
    told = shared_bureau.look(shared_bureau.person("finance"), "stat_transactions", **asked)
    assert isinstance(told, Refused)
    assert told.code == "E-FIELD"


async def test_pieces_of_vouchers_are_no_points_that_were_taken(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    """A ticket that was handed in stands among what was traded, and not among points; points of two
    programmes are told apart, and what sales gave with those that their issuer gives.
    """
    await till.buy(pool.city(), 1_000)
    await trio.to_thread.run_sync(clear, till, tmp_path)
    for place, (unit, amount) in enumerate(
        (("G:", 3), ("S:", 4), ("P:CITY", 500), ("P:FAR", 60)), 101
    ):
        bureau.sql(
            "INSERT INTO position_part SELECT business_date, %s, merchant_id, store_id,"
            " issuer_id, product_id, kind, channel, %s, 1, %s, 0, 0, 0 FROM position_part"
            " WHERE unit = 'CNY'",
            place, unit, amount,
        )  # fmt: skip
    finance, day = bureau.person("finance"), DAY.isoformat()
    asked = {"report": "spending", "date": day, "format": "json"}
    told = bureau.done(finance, "report.run", **asked).shown_once["content"]
    sections = json.loads(base64.b64decode(told))["sections"]
    assert [
        (row["programme"], row["points_earned"], row["points_taken"])
        for row in sections["redeemed"]["rows"]
    ] == [("CITY", 10, 500), ("FAR", 0, 60)]
    assert {row["unit"] for row in sections["spent"]["rows"]} == {
        "CNY", "G:", "S:", "P:CITY", "P:FAR",
    }  # fmt: skip
    [row] = bureau.rows(finance, "stat_transactions", date=day, period="day")
    assert row["points_taken"] == 560
    bureau.sql("DELETE FROM position_part WHERE unit <> 'CNY'")  # the night is as it was left
