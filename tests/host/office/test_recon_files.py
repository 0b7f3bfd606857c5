"""Files to be reconciled are read whole or refused whole, by line and column."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model.recon import DIFFERENCES, WEIGHTS, Difference, Layout
from host.model.secrets import Secret
from host.office import camt
from host.office.camt import DEPTH_MAX
from host.office.recon_files import LAYOUTS, payment_reference
from host.office.refusals import Refusal
from host.office.told_lines import Told
from tests.host.office.test_clearing import DAY
from tests.host.office.test_recon import Row, as_file, statement

SHOP = "888290054110001"
TRACES = st.integers(0, 9)
AMOUNTS = st.integers(-10_000, 10_000).map(lambda minor: f"{minor / 100:.2f}")
ROWS = st.lists(st.tuples(TRACES, AMOUNTS), max_size=8).map(
    lambda told: [row_of(f"{trace:06d}", amount) for trace, amount in told]
)
PAYMENTS = st.lists(
    st.tuples(
        st.sampled_from(["20261122-888290054110001", "R<1", "退款"]).map(
            lambda name: name.replace("<", "&lt;")
        ),
        st.sampled_from(["CRDT", "DBIT"]),
        st.integers(1, 10_000).map(lambda minor: f"{minor / 100:.2f}"),
    ),
    max_size=5,
)


def row_of(trace: str, amount: str) -> Row:
    return {
        "record": "DETAIL", "business_date": "2026-11-22", "rrn": f"112200{trace}",
        "terminal_id": "80010001", "batch": "000001", "trace": trace, "unit": "CNY",
        "amount": amount,
    }  # fmt: skip


def read(content: bytes, layout: Layout = Layout.MERCHANT_CSV) -> list[Told]:
    return LAYOUTS[layout].read(Secret(content), SHOP).lines


def refused(content: bytes, layout: Layout = Layout.MERCHANT_CSV) -> str:
    with pytest.raises(Refusal) as told:
        read(content, layout)
    assert told.value.code == "E-FILE-ROWS"
    return str(told.value)


def read_or_none(content: bytes, layout: Layout = Layout.MERCHANT_CSV) -> list[Told] | None:
    """None where it is refused, and by nothing but a refusal."""
    try:
        return read(content, layout)
    except Refusal:
        return None


def said(lines: Sequence[Told]) -> list[tuple[object, ...]]:
    """Without the line."""
    return [(one.rrn, one.trace, one.unit, one.amount_minor) for one in lines]


@given(rows=ROWS, data=st.data())
def test_a_prefix_of_a_file_is_refused_or_says_the_same(
    rows: list[Row], data: st.DataObject
) -> None:
    """S4-79: a file that was cut short never counts as a shorter one."""
    content = as_file(rows)
    whole = read(content)
    assert len(whole) == len(rows)
    cut = data.draw(st.integers(0, len(content) - 1))
    again = read_or_none(content[:cut])
    assert again is None or (again == whole and cut >= len(content) - 2)


@given(payments=PAYMENTS, data=st.data())
def test_a_prefix_of_a_statement_is_refused_or_says_the_same(
    payments: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    """S4-79."""
    content = statement(payments)
    whole = read(content, Layout.BANK_CAMT053)
    assert [abs(one.amount_minor) for one in whole] == [
        round(float(amount) * 100) for _, _, amount in payments
    ]
    cut = data.draw(st.integers(0, len(content) - 1))
    again = read_or_none(content[:cut], Layout.BANK_CAMT053)
    assert again is None or (again == whole and cut >= len(content) - 1)


@given(rows=ROWS, data=st.data())
def test_a_file_in_another_order_says_the_same(rows: list[Row], data: st.DataObject) -> None:
    """S4-79."""
    other = data.draw(st.permutations(rows))
    assert sorted(said(read(as_file(other)))) == sorted(said(read(as_file(rows))))


@given(content=st.binary(max_size=300), layout=st.sampled_from(Layout))
def test_what_is_no_file_is_refused_and_breaks_nothing(content: bytes, layout: Layout) -> None:
    refused(content, layout)


@given(rows=ROWS.filter(bool), data=st.data())
def test_one_byte_that_is_another_is_refused_or_read_as_it_stands(
    rows: list[Row], data: st.DataObject
) -> None:
    content = bytearray(as_file(rows))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    again = read_or_none(bytes(content))
    assert again is None or len(again) == len(rows)


GOOD = [row_of("000001", "1.00"), row_of("000002", "2.00")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (as_file(GOOD, end=3), "line 4, rows: the file has 2 such rows"),
        (as_file(GOOD).replace(b"END", b"TOTAL"), "line 4, record: the file has no END row"),
        (as_file(GOOD) + as_file([]).split(b"\r\n")[1] + b"\r\n", "a second END row"),
        (as_file([GOOD[0] | {"amount": "1"}]), "line 2, amount: money has two digits"),
        (as_file([GOOD[0] | {"unit": "P:CITY"}]), "line 2, amount: money has two digits"),
        (as_file([GOOD[0] | {"amount": "1,00"}]), "line 2, amount: no amount"),
        (as_file([GOOD[0] | {"amount": ""}]), "line 2, amount: it is empty"),
        (as_file([GOOD[0] | {"amount": "9" * 11 + ".00"}]), "line 2, amount: no amount"),
        (as_file([GOOD[0] | {"unit": "P:A", "amount": "9" * 13}]), "line 2, amount: no amount"),
        (as_file([GOOD[0] | {"rrn": "6222020200112233"}]), "line 2, rrn: not up to 12"),
        (as_file([GOOD[0] | {"business_date": "2026-02-30"}]), "line 2, business_date: no day"),
        (as_file([GOOD[0] | {"record": "DETAILS"}]), "line 2, record: not DETAIL, TOTAL or END"),
        (as_file(GOOD).replace(b"amount", b"sum"), "line 1, column 8: its head is none of"),
        (b"\xff\xfe" + as_file(GOOD), "it is no text in utf-16"),
    ],
)
def test_a_fault_is_told_by_line_and_column(content: bytes, problem: str) -> None:
    """S4-79: and never what stands there."""
    told = refused(content)
    assert problem in told, told
    assert "6222" not in told


def test_a_total_is_the_sum_of_its_rows() -> None:
    def with_total(amount: str, rows: str) -> bytes:
        lines = as_file(GOOD).split(b"\r\n")
        lines.insert(3, f"TOTAL,,,,,,CNY,{amount},{rows}".encode())
        return b"\r\n".join(lines)

    assert len(read(with_total("3.00", "2"))) == 2
    assert "line 4, amount: it is not the sum" in refused(with_total("3.01", "2"))
    assert "line 4, rows: the file has 2 such rows" in refused(with_total("3.00", "1"))


ENTITY = b"""<?xml version="1.0"?>
<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>"""
PAID = statement([("X-1", "DBIT", "2.00")], opening=500)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (ENTITY, "line 2, column 20: it declares a document type"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.052.001.08'/>", "no camt.053"),
        (PAID.replace(b"2.00", b"2.01", 1), "do not come to the closing balance"),
        (PAID.replace(b"2.00</Amt>", b"2.001</Amt>"), "no amount with two decimals"),
        (PAID.replace(b"DBIT", b"DBT"), "neither CRDT nor DBIT"),
        (PAID.replace(b"'CNY'>2.00", b"'USD'>2.00"), "not of one currency"),
        (PAID.replace(b"OPBD", b"ITBD"), "it has not one such balance"),
        (PAID.replace(b"2026-11-23", b"23.11.2026"), "no booking date"),
        (PAID.replace(b"X-1", b"X" * 36), "a reference is too long"),
        (PAID.replace(b"</Stmt>", b"</Stmt><Stmt/>"), "not one camt.053 statement"),
        (PAID.replace(b"<Id>1", b"<a>" * DEPTH_MAX + b"<Id>1"), "its elements lie too deep"),
        (PAID.replace(b"UTF-8", b"GB18030"), "line 1, column 31: its encoding is not read"),
        (PAID.replace(b"UTF-8", b"none"), "its encoding is not read: save it in UTF-8"),
        (PAID.replace(b"UTF-8", b"idna"), "its encoding is not read: save it in UTF-8"),
        (PAID.replace(b" Ccy='CNY'", b""), "its amount is of no currency"),
        (PAID.replace(b"'CNY'", b"'P:CITY'"), "its amount is of no currency"),
        (PAID.replace(b">2.00<", b">1<a/>2.00<"), "an element stands within a text"),
        (PAID[:-20], "it is no whole XML"),
        (PAID.replace(b"<Refs>", b"<Amt Ccy='CNY'>1.00</Amt><Refs>"), "does not come to it"),
    ],
)
def test_a_statement_that_is_not_whole_or_not_one_is_refused(content: bytes, problem: str) -> None:
    """S4-79: entities are not expanded, balances explain themselves."""
    told = refused(content, Layout.BANK_CAMT053)
    assert problem in told, told
    assert "line " in told


def test_a_text_in_many_pieces_is_gathered_before_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each look goes over all that is there of it: one for each piece would take minutes."""
    pieces, gather, looks = 200_000, camt._Reader._text, list[int]()

    def counted(reader: camt._Reader, text: str) -> None:
        looks.append(len(text))
        gather(reader, text)

    monkeypatch.setattr(camt._Reader, "_text", counted)
    told = PAID.replace(b"<Id>1", b"<Id>" + b"&#97;\n" * pieces)
    assert len(read(told, Layout.BANK_CAMT053)) == 1
    assert sum(looks) > 2 * pieces
    assert len(looks) < pieces / 1_000


def test_what_is_not_booked_is_no_payment() -> None:
    content = statement([("X-1", "DBIT", "2.00")]).replace(
        b"<Ntry><Amt Ccy='CNY'>2.00",
        b"<Ntry><Amt Ccy='CNY'>9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts></Ntry>"
        b"<Ntry><Amt Ccy='CNY'>2.00",
    )
    assert [(one.rrn, one.amount_minor) for one in read(content, Layout.BANK_CAMT053)] == [
        ("X-1", 200)
    ]


def test_each_word_has_a_row_and_weights_are_of_a_hundred() -> None:
    assert LAYOUTS.keys() == set(Layout)
    assert DIFFERENCES.keys() == set(Difference)
    assert sum(weight.score for weight in WEIGHTS) == 100
    assert payment_reference(DAY, SHOP) == f"20261122-{SHOP}"
