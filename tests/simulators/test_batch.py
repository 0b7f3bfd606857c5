"""What a terminal's log adds up to, and how it goes up."""

from dataclasses import replace

from host.estate.demo import demo_estate
from host.model.requests import Kind, Totals
from simulators.batch import Batch, Entry
from terminals.batches import compact_uploads, flags_of, totals_digits

CARD = demo_estate().cards[0]


def entry(kind: Kind, trace: int, amount_minor: int, *, in_points: bool = False) -> Entry:
    return Entry(
        kind=kind,
        in_points=in_points,
        trace=f"{trace:06d}",
        amount_minor=amount_minor,
        card=CARD,
    )


def batch_of(*entries: Entry) -> Batch:
    batch = Batch()
    for one in entries:
        batch.add(one)
    return batch


def test_a_voided_sale_stays_on_its_side_and_the_void_stands_on_the_other() -> None:
    batch = batch_of(
        entry(Kind.PURCHASE, 2, 12_345),
        entry(Kind.VOID, 4, 12_345),
        entry(Kind.CASH_LOAD, 8, 20_000),
    )
    assert batch.totals() == (Totals(12_345, 1, 32_345, 2), Totals())


def test_points_stand_in_the_second_half() -> None:
    batch = batch_of(
        entry(Kind.POINTS_REDEMPTION, 1, 500, in_points=True),
        entry(Kind.VOID, 2, 500, in_points=True),
        entry(Kind.POINTS_EARN, 3, 20, in_points=True),
    )
    assert batch.totals() == (Totals(), Totals(500, 1, 520, 2))


def test_an_inquiry_is_not_in_the_log() -> None:
    assert batch_of(entry(Kind.BALANCE_INQUIRY, 1, 0)).entries == {}


def test_totals_are_the_worked_settlements() -> None:
    """Message 7.22 of the protocol notes."""
    digits = totals_digits((Totals(12_345, 1, 32_345, 2), Totals()))
    assert digits == "00000001234500100000003234500200000000000000000000000000000000"
    assert flags_of(digits[:30] + "1" + digits[31:61] + "2") == (1, 2)


def test_records_go_up_eight_at_a_time_and_refunds_whole() -> None:
    batch = batch_of(
        *(entry(Kind.PURCHASE, trace, 100) for trace in range(1, 10)), entry(Kind.REFUND, 10, 50)
    )
    first, second = compact_uploads(batch.compact)
    assert (first[:2], len(first), second[:2], len(second)) == ("08", 322, "01", 42)
    assert second[2:] == "00" + "000009" + CARD.pan.reveal().zfill(20) + "000000000100"
    assert [one.trace for one in batch.whole] == ["000010"]


def test_cards_read_by_chip_go_up_as_notices_and_what_was_refused_counts_nowhere() -> None:
    chip = {"55": "9F2701"}
    dip, refused, swipe = (
        replace(entry(Kind.PURCHASE, 1, 100), asked=chip),
        replace(entry(Kind.PURCHASE, 2, 200), asked=chip),
        entry(Kind.PURCHASE, 3, 400),
    )
    batch = batch_of(dip, swipe)
    batch.refuse(refused)
    batch.refuse(swipe)
    assert batch.totals() == (Totals(500, 2, 0, 0), Totals())
    assert (batch.compact, batch.by_chip, batch.refused) == ([swipe], [dip], [refused])
