"""What a terminal does when it is told, when it is not told, and what it writes down of it."""

import pytest

from host.model.claims import Expected
from host.model.requests import Kind, Totals
from host.model.responses import Reason
from host.model.secrets import Secret
from simulators.mending import ATTEMPTS_MAX
from tests.simulators.scripted import (
    CARD,
    approve,
    decline,
    garble,
    new_keys,
    silence,
    terminal_on,
)

PIN = Secret(b"123456")
NOTHING_STANDS = decline(Reason.ORIGINAL_NOT_FOUND)


async def test_an_approved_purchase_is_claimed_with_its_rrn() -> None:
    terminal, line, record = terminal_on(approve())
    done = await terminal.purchase(CARD, 12_345, PIN)
    [claim] = record.claims()
    assert done.f39 == "00"
    assert (claim.kind, claim.card_id, claim.amount_minor) == (Kind.PURCHASE, 1, 12_345)
    assert (claim.outcome, claim.rrn) == (Expected.HAPPENED, "112200000001")
    assert claim.slot == done.slot == "pos/80010001/000012/000001/f"
    assert line.is_over


async def test_a_decline_is_not_reversed() -> None:
    terminal, line, record = terminal_on(decline(Reason.INSUFFICIENT_FUNDS))
    done = await terminal.purchase(CARD, 12_345, PIN)
    assert done.f39 == "51"
    assert line.types == ["0200"]
    assert record.claims()[0].outcome is Expected.NOT_IN_FORCE


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(silence, "98"), (garble(approve()), "A0")],
    ids=["silence", "wrong MAC"],
)
async def test_a_purchase_not_told_is_reversed_with_its_reason(answer, reason) -> None:
    terminal, line, record = terminal_on(answer, approve())
    done = await terminal.purchase(CARD, 12_345, PIN)
    sent, reversal = line.asked
    assert done.f39 is None
    assert (reversal["t"], reversal["39"]) == ("0400", reason)
    assert [reversal[name] for name in ("3", "4", "11", "60")] == [
        sent[name] for name in ("3", "4", "11", "60")
    ]
    assert record.claims()[0].outcome is Expected.NOT_IN_FORCE


async def test_a_reversal_is_tried_three_times_and_before_the_next_trade() -> None:
    steps = [silence, silence, silence, approve(), silence, approve()]
    terminal, line, record = terminal_on(*steps)
    await terminal.purchase(CARD, 100, PIN)
    await terminal.purchase(CARD, 200, PIN)
    await terminal.purchase(CARD, 300, PIN)
    assert line.types == ["0200", "0400", "0400", "0200", "0400", "0200"]
    assert not terminal.has_pending
    assert [claim.outcome for claim in record.claims()] == [
        Expected.UNKNOWN,
        Expected.HAPPENED,
        Expected.HAPPENED,
    ]
    assert line.types.count("0400") == ATTEMPTS_MAX


@pytest.mark.parametrize("answer", [approve(), NOTHING_STANDS, decline(Reason.INVALID_TRANSACTION)])
async def test_00_25_and_12_end_a_reversal(answer) -> None:
    terminal, _line, record = terminal_on(silence, answer)
    await terminal.purchase(CARD, 100, PIN)
    assert not terminal.has_pending
    assert record.claims()[0].outcome is Expected.NOT_IN_FORCE


async def test_another_answer_does_not_end_a_reversal() -> None:
    terminal, _line, record = terminal_on(silence, decline(Reason.HOST_UNREACHABLE))
    await terminal.purchase(CARD, 100, PIN)
    assert terminal.has_pending
    assert record.claims()[0].outcome is Expected.UNKNOWN


async def test_a_cash_load_not_told_is_confirmed_not_reversed() -> None:
    terminal, line, record = terminal_on(silence, approve())
    await terminal.load_cash(CARD, 20_000)
    load, confirm = line.asked
    assert (confirm["t"], confirm["11"], confirm["4"]) == ("0220", load["11"], load["4"])
    assert confirm["61"] == "000012" + load["11"]
    assert record.claims()[0].outcome is Expected.HAPPENED


async def test_a_confirmation_that_is_refused_says_that_nothing_was_loaded() -> None:
    terminal, _line, record = terminal_on(silence, decline(Reason.AMOUNT_LIMIT))
    await terminal.load_cash(CARD, 20_000)
    assert not terminal.has_pending
    assert record.claims()[0].outcome is Expected.NOT_IN_FORCE


@pytest.mark.parametrize("reason", [Reason.HOST_UNREACHABLE, Reason.MALFUNCTION, Reason.MAC_WRONG])
async def test_a_confirmation_that_was_not_decided_is_sent_again(reason) -> None:
    terminal, _line, record = terminal_on(silence, decline(reason), approve())
    await terminal.load_cash(CARD, 20_000)
    assert record.claims()[0].outcome is Expected.UNKNOWN
    await terminal.mend()
    assert record.claims()[0].outcome is Expected.HAPPENED


async def test_who_is_asked_to_sign_on_does_so_before_it_sends_a_reversal_again() -> None:
    refused = decline(Reason.MAC_WRONG, sign_on_again=True)
    terminal, line, record = terminal_on(silence, refused, new_keys(), approve())
    await terminal.purchase(CARD, 100, PIN)
    await terminal.mend()
    assert line.types == ["0200", "0400", "0800", "0400"]
    assert record.claims()[0].outcome is Expected.NOT_IN_FORCE


async def test_who_is_left_in_silence_three_times_signs_on_before_it_confirms_again() -> None:
    answers = (silence, silence, silence, silence, new_keys(), approve())
    terminal, line, record = terminal_on(*answers, attempts_max=4)
    await terminal.load_cash(CARD, 20_000)
    for _ in range(3):
        await terminal.mend()
    assert line.types == ["0200", "0220", "0220", "0220", "0800", "0220"]
    assert record.claims()[0].outcome is Expected.HAPPENED


async def test_a_refund_is_sent_again_under_its_own_trace() -> None:
    terminal, line, record = terminal_on(approve(), silence, approve())
    done = await terminal.purchase(CARD, 5_000, PIN)
    assert done.sale is not None
    await terminal.refund(done.sale, 2_000)
    _purchase, first, second = line.asked
    assert first == second
    sale, refund = record.claims()
    assert refund.original_slot == sale.slot
    assert refund.outcome is Expected.HAPPENED


async def test_a_void_names_the_sale_by_batch_trace_and_reference() -> None:
    terminal, line, record = terminal_on(approve(), approve())
    done = await terminal.purchase(CARD, 5_000, PIN)
    assert done.sale is not None
    await terminal.void(done.sale)
    sale, void = line.asked
    assert void["61"] == "000012" + sale["11"]
    assert (void["37"], void["38"], void["4"]) == ("112200000001", "A00001", sale["4"])
    assert record.claims()[1].original_slot == done.slot


async def test_points_are_claimed_in_points() -> None:
    terminal, _line, record = terminal_on(approve(points_used=500, points_balance=100))
    done = await terminal.redeem(CARD, 500)
    assert done.sale is not None
    assert done.sale.is_in_points
    assert record.claims()[0].unit == "P:"


async def test_a_sign_on_brings_keys_and_a_new_batch_in_which_traces_go_on() -> None:
    terminal, line, _record = terminal_on(new_keys(batch="000013"), approve())
    assert (await terminal.sign_on()).is_approved
    done = await terminal.purchase(CARD, 100, PIN)
    assert done.slot == "pos/80010001/000013/000002/f"
    assert line.asked[1]["60"][2:8] == "000013"


async def test_77_is_followed_by_a_sign_on_and_nothing_is_sent_again() -> None:
    terminal, line, _record = terminal_on(
        decline(Reason.BATCH_MISMATCH, sign_on_again=True), new_keys(batch="000013"), approve()
    )
    assert (await terminal.purchase(CARD, 100, PIN)).f39 == "77"
    assert (await terminal.purchase(CARD, 100, PIN)).f39 == "00"
    assert line.types == ["0200", "0800", "0200"]
    assert [asked["60"][2:8] for asked in line.asked] == ["000012", "000012", "000013"]


async def test_told_77_with_sales_in_its_log_it_settles_them_first() -> None:
    terminal, line, record = terminal_on(
        approve(),
        decline(Reason.BATCH_MISMATCH, sign_on_again=True),
        approve(totals=(Totals(100, 1, 0, 0), Totals()), totals_agree=(True, True)),
        approve(),
        new_keys(batch="000013"),
        approve(),
    )
    await terminal.purchase(CARD, 100, PIN)
    assert (await terminal.purchase(CARD, 200, PIN)).f39 == "77"
    done = await terminal.purchase(CARD, 300, PIN)
    assert line.types == ["0200", "0200", "0500", "0320", "0800", "0200"]
    assert line.asked[2]["48"].startswith("000000000100001")
    assert done.slot == "pos/80010001/000013/000002/f"
    outcomes = [claim.outcome for claim in record.claims()]
    assert outcomes == [Expected.HAPPENED, Expected.NOT_IN_FORCE, Expected.HAPPENED]


async def test_sales_stay_in_the_log_of_the_batch_they_were_made_in() -> None:
    terminal, _line, _record = terminal_on(
        approve(), new_keys(batch="000012"), new_keys(batch="000013")
    )
    await terminal.purchase(CARD, 100, PIN)
    terminal.session.misremember_batch("000500")
    await terminal.sign_on()
    assert list(terminal.session.batch.entries) == ["000001"]
    await terminal.sign_on()
    assert terminal.session.batch.entries == {}


async def test_a_key_block_with_a_wrong_check_value_is_not_taken() -> None:
    step = garble(new_keys())
    terminal, line, _record = terminal_on(step, approve())
    await terminal.sign_on()
    assert (await terminal.purchase(CARD, 100, PIN)).f39 == "00"
    assert line.is_over


async def test_a_host_that_asks_for_a_sign_on_gets_one_before_the_next_trade() -> None:
    terminal, line, _record = terminal_on(
        decline(Reason.MAC_WRONG, sign_on_again=True), new_keys(), approve()
    )
    await terminal.purchase(CARD, 100, PIN)
    await terminal.purchase(CARD, 100, PIN)
    assert line.types == ["0200", "0800", "0200"]


async def test_a_balance_not_told_moves_nothing_and_is_left() -> None:
    terminal, line, _record = terminal_on(silence)
    await terminal.balance(CARD, PIN)
    assert line.types == ["0200"]
    assert not terminal.has_pending


async def test_the_record_holds_no_card_number_and_no_key() -> None:
    terminal, _line, record = terminal_on(silence, approve())
    await terminal.purchase(CARD, 100, PIN)
    text = repr(record.events)
    assert CARD.pan.reveal() not in text
    assert "123456" not in text
