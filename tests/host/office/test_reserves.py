"""How much is held back of a merchant is said by two people, and what is held is seen by it."""

from pathlib import Path

import psycopg
import pytest
import trio

from clearing.run import run_clearing
from host.model.office import Refused
from tests.host.conftest import MERCHANT_OF, CardPool, Till, audit_ledger
from tests.host.office.conftest import Bureau
from tests.host.office.test_clearing import BOUGHT, DAY
from tests.host.office.test_timed_reports import content_of_report


async def test_what_is_held_back_is_said_by_two_and_seen_on_the_statement(
    till: Till, pool: CardPool, bureau: Bureau, tmp_path: Path
) -> None:
    """S4-79, S3-28, S4-63: of the merchant's own alone; what is left is what it is paid."""
    one, other = bureau.person("finance"), bureau.person("finance")
    shop = MERCHANT_OF[till.terminal_id]
    owner = bureau.person("merchant_owner", "merchant", shop)
    stranger = bureau.person("merchant_owner", "merchant", min({*MERCHANT_OF.values()} - {shop}))
    asked = {"merchant": shop, "percent": "12.5%", "held_days": 30}
    bureau.done_by_two(one, other, "reserve.save", **asked)
    [terms] = bureau.rows(owner, "reserve_terms")
    assert (terms["percent"], terms["held_days"], "made_by" in terms) == ("12.5%", 30, False)
    assert bureau.rows(stranger, "reserve_terms") == []
    told = bureau.with_code(one, "reserve.save", **asked, since="2026-01-01")
    assert isinstance(told, Refused)
    assert told.field == "since"
    assert bureau.refused(owner, "reserve.save", **asked) == "E-NOT-YOUR-ROLE"
    await till.buy(pool.city(), BOUGHT)

    def clear() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            run_clearing(night, tmp_path, DAY)

    await trio.to_thread.run_sync(clear)
    held = round(BOUGHT / 8)
    [row] = bureau.rows(owner, "reserves")
    assert (row["base_minor"], row["amount_minor"], row["due_on"], row["released_on"]) == (
        BOUGHT, held, "2026-12-22", None,
    )  # fmt: skip
    assert bureau.rows(stranger, "reserves") == []
    [statement] = bureau.rows(owner, "settlements")
    assert [statement[name] for name in ("turnover_minor", "reserved_minor", "due_minor")] == [
        BOUGHT, -held, BOUGHT - held,
    ]  # fmt: skip
    [day] = bureau.rows(one, "business_days", date=DAY.isoformat())
    assert day["payable_minor"] == BOUGHT - held
    number = int(statement["settlement"].split("-")[1])
    printed = bureau.done(owner, "settlement.print", date=DAY, number=number, format="json")
    figures = {
        row["report_figure"]: row["amount_minor"] for row in content_of_report(printed, "figures")
    }
    assert (figures["reserved_minor"], figures["payable_minor"]) == (-held, BOUGHT - held)
    audit_ledger(till.dsns)


@pytest.mark.parametrize("percent", ["101%", "-1%", "ten"])
def test_a_share_is_of_a_hundred(shared_bureau: Bureau, percent: str) -> None:
    finance = shared_bureau.person("finance")
    told = shared_bureau.do(
        finance, "reserve.save", merchant=min(MERCHANT_OF.values()), percent=percent, held_days=1
    )
    assert isinstance(told, Refused)
    assert told.field == "percent"
