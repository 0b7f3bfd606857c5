"""The mix of the bench: every kind in its part, and nothing asked twice of what is there once."""

from collections import Counter

from host.estate.mixed import mixed_estate
from host.model.requests import Kind, Request
from simulators.mix import MIX, Turn, mixed_messages, vouchers_of

ESTATE = mixed_estate(terminals=8, cards=20)
MESSAGES = 2_000
FIRST, SECOND = Turn(1, 0, 8583), Turn(251, vouchers_of(MESSAGES), 8583)


def _asked(turn: Turn) -> list[Request]:
    return list(mixed_messages(ESTATE, ESTATE.terminals[:8], MESSAGES, turn=turn))


def _codes(asked: list[Request]) -> list[bytes]:
    return [
        one.besides.voucher.reveal()
        for one in asked
        if one.besides is not None and one.besides.voucher is not None
    ]


def test_the_parts_are_a_hundred_and_each_comes_about_as_often_as_it_says() -> None:
    assert sum(part.share for part in MIX) == 100
    kinds = Counter(one.kind for one in _asked(FIRST))
    assert set(kinds) == {
        Kind.PURCHASE, Kind.POINTS_REDEMPTION, Kind.BALANCE_INQUIRY, Kind.CASH_LOAD, Kind.VOID,
        Kind.REFUND, Kind.REVERSAL, Kind.VOUCHER_REDEMPTION, Kind.PREAUTH, Kind.COMPLETION,
        Kind.LOTTERY_DRAW,
    }  # fmt: skip
    assert kinds[Kind.PURCHASE] > MESSAGES * 0.5
    assert kinds[Kind.POINTS_REDEMPTION] > MESSAGES * 0.1


def test_no_voucher_is_handed_in_twice_in_a_turn_or_in_the_next() -> None:
    codes = _codes(_asked(FIRST)) + _codes(_asked(SECOND))
    assert len(codes) > MESSAGES // 100
    assert len(set(codes)) == len(codes)


def test_a_turn_that_has_no_voucher_left_sells_instead() -> None:
    spent = Turn(1, len(ESTATE.vouchers), 8583)
    asked = _asked(spent)
    assert len(asked) == MESSAGES
    assert _codes(asked) == []


def test_what_undoes_or_completes_names_once_what_its_own_till_had_before() -> None:
    before: set[str] = set()
    named = []
    for one in _asked(FIRST):
        if one.original is not None:
            assert one.original.key is not None
            assert one.original.key.terminal_id == one.key.terminal_id
            assert one.original.key.text in before
            named.append(one.original.key.text)
        before.add(one.key.text)
    assert len(set(named)) == len(named) > 0
