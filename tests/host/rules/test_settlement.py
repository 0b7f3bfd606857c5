"""Totals and the comparison of records, without a database: every difference is its own case."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.cases import CASES, CaseKind
from host.model.requests import Kind, Totals
from host.model.totals import SIDES
from host.rules.settlement import (
    NOTHING,
    BatchName,
    Halves,
    Place,
    Record,
    Traded,
    Upload,
    differences,
    next_epoch,
    place_of,
    text_of,
    totals_of,
)

BATCH = BatchName("pos", "80010001", "000012")
SALE = Traded(
    stan="000002",
    kind=Kind.PURCHASE,
    is_approved=True,
    unit="CNY",
    amount_minor=12_345,
    pan_hash=b"a",
    card="998800******0015",
)
LOAD = msgspec.structs.replace(
    SALE, stan="000008", kind=Kind.CASH_LOAD, amount_minor=20_000, pan_hash=b"b"
)
REDEMPTION = msgspec.structs.replace(
    SALE, stan="000006", kind=Kind.POINTS_REDEMPTION, unit="P:CITY", amount_minor=5_000
)
EARNING = msgspec.structs.replace(
    SALE, stan="000007", kind=Kind.POINTS_EARN, unit="P:CITY", amount_minor=99, paid_minor=9_950
)
INQUIRY = Traded(stan="000001", kind=Kind.BALANCE_INQUIRY, is_approved=True)
DECLINED = Traded(stan="000003", kind=Kind.PURCHASE, is_approved=False)
DECLINED_VOID = Traded(stan="000004", kind=Kind.VOID, is_approved=False)
REVERSED = msgspec.structs.replace(SALE, stan="000005", is_reversed=True)
OURS = (INQUIRY, SALE, DECLINED, DECLINED_VOID, REVERSED, REDEMPTION, EARNING, LOAD)


def record_of(one: Traded, **more: object) -> Record:
    """What an honest terminal has of it."""
    record = Record(
        stan=one.stan, amount_minor=one.amount_minor, pan_hash=one.pan_hash, card=one.card
    )
    return msgspec.structs.replace(record, **more)


def standing(traded: tuple[Traded, ...] = OURS) -> list[Record]:
    return [record_of(one) for one in traded if one.stands]


def whole(traded: tuple[Traded, ...], *, with_points: bool = True) -> Halves:
    parts = [(one.place, one.amount_minor) for one in traded if one.stands and one.place]
    return totals_of(parts, with_points=with_points)


TOLD = whole(OURS)


def found(
    records: list[Record],
    told: Halves | None = TOLD,
    *,
    count: int | None = None,
    with_points: bool = True,
    traded: tuple[Traded, ...] = OURS,
) -> list[tuple[CaseKind, str]]:
    upload = Upload(
        batch=BATCH,
        traded=traded,
        records=records,
        told=told,
        with_points=with_points,
        count=len(records) if count is None else count,
    )
    return [(case.kind, case.stan) for case in differences(upload)]


def without(stan: str) -> list[Record]:
    return [record for record in standing() if record.stan != stan]


def changed(stan: str, **more: object) -> list[Record]:
    return [
        msgspec.structs.replace(record, **more) if record.stan == stan else record
        for record in standing()
    ]


def more_money(minor: int, count: int = 0) -> Halves:
    money, points = TOLD
    return (
        msgspec.structs.replace(
            money,
            debit_minor=money.debit_minor + minor,
            debit_count=money.debit_count + count,
        ),
        points,
    )


def test_the_batch_adds_up_by_the_table_of_sides() -> None:
    assert (Totals(12_345, 1, 20_000, 1), Totals(5_000, 1, 99, 1)) == TOLD


def test_every_case_kind_says_what_to_do() -> None:
    assert set(CASES) == set(CaseKind)
    assert all(row.meaning and row.advice for row in CASES.values())


@pytest.mark.parametrize(
    ("epoch", "following"),
    [("000012", "000013"), ("999998", "000001"), ("999997", "999998"), ("000000", "000001")],
)
def test_batch_numbers_go_round(epoch: str, following: str) -> None:
    assert next_epoch(epoch) == following


@pytest.mark.parametrize(
    ("kind", "unit", "has_place"),
    [
        (Kind.PURCHASE, None, True),
        (Kind.POINTS_REDEMPTION, None, True),
        (Kind.VOID, None, False),
        (Kind.PURCHASE, "P:CITY", False),
        (Kind.BALANCE_INQUIRY, None, False),
        (Kind.REVERSAL, "CNY", False),
    ],
)
def test_a_place_is_named_only_where_it_is_sure(
    kind: Kind, unit: str | None, has_place: bool
) -> None:
    assert (place_of(kind, unit) is not None) is has_place


UNKNOWN = Record(stan="000099", amount_minor=700, card="998800******0023")
ROWS = [
    ("nothing differs", standing(), TOLD, []),
    ("in another order", standing()[::-1], TOLD, []),
    ("an inquiry was uploaded", [*standing(), record_of(INQUIRY)], TOLD, []),
    ("an earning by what was paid", changed("000007", amount_minor=9_950), TOLD, []),
    ("no card in the record", changed("000002", pan_hash=None), TOLD, []),
    ("a load by its kind", changed("000008", kind=Kind.CASH_LOAD), TOLD, []),
    (
        "missing at the terminal",
        without("000002"),
        more_money(-12_345, -1),
        [(CaseKind.MISSING_AT_TERMINAL, "000002")],
    ),
    (
        "missing, and the totals are still right",
        without("000002"),
        TOLD,
        [(CaseKind.MISSING_AT_TERMINAL, "000002"), (CaseKind.TOTALS_UNEXPLAINED, "")],
    ),
    (
        "one minor unit less",
        changed("000002", amount_minor=12_344),
        more_money(-1),
        [(CaseKind.AMOUNT_DIFFERS, "000002")],
    ),
    (
        "another card",
        changed("000002", pan_hash=b"z"),
        TOLD,
        [(CaseKind.CARD_DIFFERS, "000002")],
    ),
    (
        "another kind",
        changed("000002", kind=Kind.REFUND),
        TOLD,
        [(CaseKind.KIND_DIFFERS, "000002")],
    ),
    (
        "a trace never seen",
        [*standing(), UNKNOWN],
        more_money(700, 1),
        [(CaseKind.UNKNOWN_STAN, "000099")],
    ),
    (
        "a trace never seen, and the totals agree",
        [*standing(), UNKNOWN],
        TOLD,
        [(CaseKind.UNKNOWN_STAN, "000099"), (CaseKind.TOTALS_UNEXPLAINED, "")],
    ),
    (
        "a whole record never seen",
        [*standing(), msgspec.structs.replace(UNKNOWN, kind=Kind.PURCHASE)],
        more_money(700, 1),
        [(CaseKind.UNKNOWN_STAN, "000099")],
    ),
    (
        "approved there, declined here",
        [*standing(), record_of(DECLINED, amount_minor=800)],
        more_money(800, 1),
        [(CaseKind.APPROVED_AT_TERMINAL, "000003")],
    ),
    (
        "a void approved there, declined here",
        [*standing(), record_of(DECLINED_VOID, amount_minor=800)],
        more_money(800, 1),
        [(CaseKind.APPROVED_AT_TERMINAL, "000004")],
    ),
    (
        "approved there, reversed here",
        [*standing(), record_of(REVERSED)],
        more_money(12_345, 1),
        [(CaseKind.APPROVED_AT_TERMINAL, "000005")],
    ),
    (
        "totals off by one minor unit",
        standing(),
        more_money(1),
        [(CaseKind.TOTALS_UNEXPLAINED, "")],
    ),
    (
        "totals off by one item",
        standing(),
        more_money(0, -1),
        [(CaseKind.TOTALS_UNEXPLAINED, "")],
    ),
    ("never settled", standing(), None, []),
]


@pytest.mark.parametrize(
    ("records", "told", "cases"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_difference_is_its_own_case(
    records: list[Record], told: Halves | None, cases: list[tuple[CaseKind, str]]
) -> None:
    assert found(records, told) == cases


def test_records_that_did_not_come_are_counted() -> None:
    cases = found(without("000002"), count=len(standing()))
    assert cases == [(CaseKind.MISSING_AT_TERMINAL, "000002"), (CaseKind.UPLOAD_INCOMPLETE, "")]


def test_an_empty_upload_misses_all_that_stands() -> None:
    cases = found([], NOTHING)
    assert Counter(kind for kind, _ in cases) == {CaseKind.MISSING_AT_TERMINAL: 4}


def test_a_reversal_during_the_upload_is_noticed() -> None:
    late = msgspec.structs.replace(SALE, is_reversed=True, is_reversed_late=True)
    traded = (late, LOAD)
    records = [record_of(SALE), record_of(LOAD)]
    assert found(records, whole((SALE, LOAD)), traded=traded) == [
        (CaseKind.APPROVED_AT_TERMINAL, "000002"),
        (CaseKind.REVERSAL_DURING_UPLOAD, "000002"),
    ]
    assert found([record_of(LOAD)], whole((LOAD,)), traded=traded) == [
        (CaseKind.REVERSAL_DURING_UPLOAD, "000002")
    ]


def test_points_are_not_missed_at_a_terminal_that_counts_none() -> None:
    money = (TOLD[0], Totals())
    records = [record for record in standing() if record.stan in {"000002", "000008"}]
    assert found(records, money, with_points=False) == []
    assert found(standing(), money, with_points=False) == []
    assert found(records, TOLD, with_points=False) == [(CaseKind.TOTALS_UNEXPLAINED, "")]


def test_no_card_number_is_in_a_case() -> None:
    upload = Upload(
        batch=BATCH,
        traded=OURS,
        records=[UNKNOWN, record_of(DECLINED, amount_minor=1), record_of(SALE, amount_minor=1)],
        told=TOLD,
        with_points=True,
        count=3,
    )
    text = " ".join(case.detail for case in differences(upload))
    assert "998800******0023" in text
    assert "9988000000000023" not in text


def test_totals_read_as_a_sentence() -> None:
    assert text_of(TOLD) == (
        "debit 123.45 CNY in 1, credit 200.00 CNY in 1; "
        "debit 5,000 points in 1, credit 99 points in 1"
    )


COUNTED: list[tuple[Kind, str]] = [
    (kind, unit)
    for kind, row in SIDES.items()
    for unit, side in (("CNY", row.money), ("P:CITY", row.points))
    if side is not None
]
MISCHIEF = ("none", "none", "none", "lose", "amount", "card", "reverse", "decline")


@st.composite
def batches(draw: st.DrawFn) -> tuple[tuple[Traded, ...], dict[str, str], list[int]]:
    """A batch as both had it, what then went wrong with each trace, and records out of nowhere."""
    count = draw(st.integers(0, 12))
    traded, wrong = [], {}
    for number in range(count):
        kind, unit = draw(st.sampled_from(COUNTED))
        stan = f"{number + 1:06d}"
        traded.append(
            Traded(
                stan=stan,
                kind=kind,
                is_approved=True,
                unit=unit,
                amount_minor=draw(st.integers(1, 10**6)),
                pan_hash=bytes([draw(st.integers(0, 3))]),
            )
        )
        wrong[stan] = draw(st.sampled_from(MISCHIEF))
    return tuple(traded), wrong, draw(st.lists(st.integers(1, 10**6), max_size=3))


@given(batches())
def test_the_sum_of_the_parts_is_the_whole_and_each_difference_is_found_once(
    drawn: tuple[tuple[Traded, ...], dict[str, str], list[int]],
) -> None:
    """The terminal's totals are right for what it has, so every case is of one trace."""
    both, wrong, extra = drawn
    records: list[Record] = []
    ours: list[Traded] = []
    has: list[tuple[Place, int]] = []
    expected: list[tuple[CaseKind, str]] = []
    for one in both:
        match wrong[one.stan]:
            case "lose":
                ours.append(one)
                expected.append((CaseKind.MISSING_AT_TERMINAL, one.stan))
                continue
            case "amount":
                ours.append(one)
                record = record_of(one, amount_minor=one.amount_minor + 1)
                expected.append((CaseKind.AMOUNT_DIFFERS, one.stan))
            case "card":
                ours.append(one)
                record = record_of(one, pan_hash=b"other")
                expected.append((CaseKind.CARD_DIFFERS, one.stan))
            case "reverse":
                ours.append(msgspec.structs.replace(one, is_reversed=True))
                record = record_of(one)
                expected.append((CaseKind.APPROVED_AT_TERMINAL, one.stan))
            case "decline":
                ours.append(Traded(stan=one.stan, kind=one.kind, is_approved=False))
                record = record_of(one)
                expected.append((CaseKind.APPROVED_AT_TERMINAL, one.stan))
            case _:
                ours.append(one)
                record = record_of(one)
        records.append(record)
        assert one.place is not None
        has.append((one.place, record.amount_minor))
    for number, amount in enumerate(extra):
        stan = f"{900_000 + number}"
        records.append(Record(stan=stan, amount_minor=amount))
        has.append(((False, SIDES[Kind.PURCHASE].money), amount))  # type: ignore[arg-type]
        expected.append((CaseKind.UNKNOWN_STAN, stan))
    told = totals_of(has)
    assert sorted(found(records, told, traded=tuple(ours))) == sorted(expected)
    money, points = told
    off = (msgspec.structs.replace(money, credit_minor=money.credit_minor + 1), points)
    assert (CaseKind.TOTALS_UNEXPLAINED, "") in found(records, off, traded=tuple(ours))
    assert sum(half.debit_minor + half.credit_minor for half in told) == sum(
        record.amount_minor for record in records
    )
    assert sum(half.debit_count + half.credit_count for half in told) == len(records)
