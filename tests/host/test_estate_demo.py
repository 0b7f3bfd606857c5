"""The demo estate is the one the documentation and the worked messages speak of."""

import json
from pathlib import Path

import pytest

from host.estate.accounts import UNITS, house_accounts
from host.estate.demo import (
    EXPIRY,
    FIRST_TERMINAL,
    ODD_CARDS,
    UNPACKED_TERMINAL,
    bench_estate,
    demo_estate,
    made_up_terminal,
)
from host.ledger import CHART, Chart

DATA = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text())["test_data"]


def test_the_first_card_is_the_one_of_the_worked_messages() -> None:
    card = demo_estate().cards[0]
    assert card.pan.reveal() == DATA["pan"]
    assert card.pin is not None
    assert card.pin.reveal().decode() == DATA["pin"]
    assert (card.expiry, card.balance_minor) == (EXPIRY, 100_000)


def test_the_first_terminal_holds_the_keys_of_the_worked_messages() -> None:
    terminal = demo_estate().terminals[0]
    assert terminal.working is not None
    keys = (terminal.tmk, terminal.working.pik, terminal.working.mak)
    assert [key.reveal().hex().upper() for key in keys] == [DATA["TMK"], DATA["PIK"], DATA["MAK"]]
    assert (terminal.terminal_id, terminal.epoch) == ("80010001", "000012")
    assert demo_estate().merchant_of(terminal).merchant_id == "888290054110001"


def test_the_estate_has_the_size_that_is_promised() -> None:
    estate = demo_estate()
    sizes = (len(estate.issuers), len(estate.merchants), len(estate.terminals), len(estate.cards))
    assert sizes == (3, 3, 76, 1000)


def test_no_two_cards_or_terminals_are_the_same() -> None:
    estate = demo_estate()
    assert len({card.pan for card in estate.cards}) == len(estate.cards)
    assert len({card.id for card in estate.cards}) == len(estate.cards)
    assert len({one.terminal_id for one in estate.terminals}) == len(estate.terminals)
    assert len({one.tmk for one in estate.terminals}) == len(estate.terminals)


def test_every_card_belongs_to_its_issuers_prefix_and_passes_luhn() -> None:
    estate = demo_estate()
    prefixes = {issuer.id: issuer.pan_prefix for issuer in estate.issuers}
    for card in estate.cards:
        assert card.pan.passes_luhn
        assert card.pan.reveal().startswith(prefixes[card.issuer_id])


def test_the_estate_is_the_same_every_time() -> None:
    assert demo_estate() == demo_estate()


def test_one_terminal_has_only_its_master_key() -> None:
    [unpacked] = [
        one for one in demo_estate().terminals if one.working is None and one.device is None
    ]
    assert unpacked.terminal_id == UNPACKED_TERMINAL


def test_made_up_keys_have_odd_parity() -> None:
    terminal = made_up_terminal("70000001", 1)
    assert terminal.working is not None
    for key in (terminal.tmk, terminal.working.pik, terminal.working.mak):
        assert all(byte.bit_count() % 2 == 1 for byte in key.reveal())


def test_odd_cards_are_odd_and_the_rest_are_not() -> None:
    for card in demo_estate().cards:
        is_plain = (card.status, card.expiry, card.balance_minor) == ("active", EXPIRY, 100_000)
        assert is_plain != (card.id in ODD_CARDS)


def test_a_bench_estate_is_signed_on_throughout() -> None:
    estate = bench_estate(terminals=5, cards=7)
    assert (len(estate.terminals), len(estate.cards)) == (5, 7)
    assert all(one.working is not None for one in estate.terminals)


def test_every_row_of_the_chart_says_its_units() -> None:
    assert set(UNITS) == set(CHART)


@pytest.mark.parametrize("chart", [chart for chart in Chart if not chart.value.startswith("card_")])
def test_every_house_row_of_the_chart_gets_its_accounts(chart: Chart) -> None:
    accounts = [one for one in house_accounts(demo_estate()) if one.chart is chart]
    assert accounts
    assert len(set(accounts)) == len(accounts)


def test_every_merchant_has_an_account_with_every_issuer() -> None:
    payable = {one for one in house_accounts(demo_estate()) if one.chart is Chart.MERCHANT_PAYABLE}
    assert {(one.issuer_id, one.merchant_id) for one in payable} == {
        (issuer, merchant) for issuer in (1, 2, 3) for merchant in (1, 2, 3)
    }


def test_no_secret_of_a_plan_is_in_its_repr() -> None:
    text = repr(demo_estate().cards[0]) + repr(FIRST_TERMINAL)
    for secret in (DATA["pan"], DATA["pin"], DATA["TMK"], DATA["MAK"]):
        assert secret not in text
        assert secret.lower() not in text
