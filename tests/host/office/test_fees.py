"""Fees are said by two people, from a day that is to come, and seen by who pays them."""

import datetime as dt
from typing import Any

import pytest

from host.model.office import Refused
from tests.host.office.conftest import Bureau

TODAY = dt.date(2026, 11, 22)
SHOP = "888290054110001"
FEE = {"payer": "merchant", "kinds": ["purchase"], "percent": "0.6%"}


def refused(bureau: Bureau, who: Any, **asked: Any) -> str:
    told = bureau.do(who, "fee.save", **{**FEE, **asked})
    if isinstance(told, Refused) and told.code == "E-STEP-UP":
        told = bureau.with_code(who, "fee.save", **{**FEE, **asked})
    assert isinstance(told, Refused), told
    return told.code


def test_finance_says_what_transactions_cost(bureau: Bureau) -> None:
    """S4-63: in tiers, for one merchant; another of finance agrees."""
    one, other = bureau.person("finance"), bureau.person("finance")
    asked = {**FEE, "merchant": SHOP, "tiers": ["100000 0.38% 50"], "fee_min_minor": 1}
    bureau.done_by_two(one, other, "fee.save", **asked)
    [row] = bureau.rows(one, "fees", payer="merchant")
    assert (row["merchant"], row["tiers"]) == (SHOP, ["0 0.6% 0", "100000 0.38% 50"])
    assert (row["since"], row["until"], row["is_returned"]) == (TODAY.isoformat(), None, True)


@pytest.mark.parametrize(
    "asked",
    [
        {"since": TODAY - dt.timedelta(days=1)},
        {"since": TODAY, "until": TODAY - dt.timedelta(days=1)},
        {"kinds": []},
        {"kinds": ["refund"]},
        {"percent": "100%"},
        {"percent": "0.12345%"},
        {"tiers": ["200000 0.3% 0", "100000 0.2% 0"]},
        {"fee_min_minor": 10, "fee_max_minor": 9},
        {"issuer": "123", "merchant": SHOP},
    ],
)
def test_what_no_fee_can_be_is_refused(bureau: Bureau, asked: dict[str, Any]) -> None:
    assert refused(bureau, bureau.person("finance"), **asked) == "E-FIELD"


def test_nobody_but_finance_says_a_fee(bureau: Bureau) -> None:
    assert refused(bureau, bureau.admin) == "E-NOT-YOUR-ROLE"
