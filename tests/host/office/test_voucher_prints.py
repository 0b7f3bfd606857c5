"""Vouchers are printed as cards are exported: released by another, made by a job, taken once."""

import base64
import io
from typing import Any

import msgspec
import openpyxl
import psycopg
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from pypdf import PdfReader

from host.model.office import Done, Refused, Told, Waiting
from host.model.voucher_codes import grouped
from host.model.vouchers import ProductKind
from tests.host.office.conftest import Bureau
from tests.host.office.test_stock import Issuer
from tests.host.stock.conftest import Stock
from tests.host.test_vouchers import VOUCHER, codes_of

PASSWORD = "eleven blue herons"


@pytest.fixture
def issuer(bureau: Bureau) -> Issuer:
    return Issuer(bureau)


POINTS: dict[str, Any] = {
    **VOUCHER, "kind": ProductKind.POINTS_CARD, "face_minor_min": 1_500, "face_minor_max": 1_500,
}  # fmt: skip


def made(issuer: Issuer, cards: int = 12, terms: dict[str, Any] = VOUCHER) -> tuple[str, list[str]]:
    """A batch of vouchers that was made; its codes as people read them."""
    dsns = issuer.bureau.dsns
    with psycopg.connect(dsns.owner, autocommit=True) as owner:
        stock = Stock(connection=owner, dsns=dsns)
        batch = stock.draft(cards, product=stock.product("PAPER", **terms))
        stock.make(batch.part)
        codes = codes_of(stock, batch.part)
    return batch.code, [grouped(code.reveal()) for code in codes]


def printed(issuer: Issuer, batch: str, **values: Any) -> Told:
    told = {"batch": batch, "recipient": "Heng Bao", "note": "autumn", **values}
    told.setdefault("workbook_password", PASSWORD)
    waiting = issuer.bureau.do(issuer.maker, "voucher_batch.print", **told)
    if not isinstance(waiting, Waiting):
        return waiting
    done = issuer.bureau.with_code(
        issuer.owner, "approval.decide", approval=waiting.approval, decision="approve"
    )
    assert isinstance(done, Done), done
    return msgspec.structs.replace(done, told=done.told["outcome"]["told"])


def taken(issuer: Issuer, told: Told) -> bytes:
    assert isinstance(told, Done), told
    issuer.bureau.do_jobs()
    done = issuer.bureau.done(issuer.maker, "file.take", file=told.told["file"])
    return base64.b64decode(done.shown_once["content"])


def text_of(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.is_encrypted
    assert reader.decrypt(PASSWORD)
    return "\n".join(page.extract_text() for page in reader.pages)


def numbers_of(workbook: bytes) -> list[str]:
    office, clear = OOXMLFile(io.BytesIO(workbook)), io.BytesIO()
    office.load_key(password=PASSWORD, verify_password=True)
    office.decrypt(clear, verify_integrity=True)
    [_heads, *rows] = openpyxl.load_workbook(clear).active.iter_rows(values_only=True)
    return [row[1] for row in rows]


def test_sheets_and_workbook_of_a_batch_have_the_same_codes_and_leave_once(issuer: Issuer) -> None:
    """S3-23."""
    batch, codes = made(issuer)
    told = printed(issuer, batch, url="https://shop.example")
    text = text_of(taken(issuer, told))
    assert [text.count(code) for code in codes] == [1] * len(codes)
    assert text.count("50.00 CNY") == len(codes)
    assert numbers_of(taken(issuer, printed(issuer, batch, format="xlsx"))) == codes
    assert isinstance(told, Done)
    assert issuer.bureau.refused(issuer.maker, "file.take", file=told.told["file"]) == "E-GONE"
    lines = issuer.bureau.sql(
        "SELECT what, values_shown, has_secrets, downloads FROM disclosure ORDER BY id"
    )
    assert lines == [("voucher codes", len(codes), True, 1)] * 2


def test_what_is_worth_points_is_printed_and_shown_in_points(issuer: Issuer) -> None:
    """S4-64."""
    batch, codes = made(issuer, 3, POINTS)
    text = text_of(taken(issuer, printed(issuer, batch)))
    assert text.count("1500 points CITY") == len(codes)
    assert "15.00" not in text
    [row] = issuer.bureau.rows(issuer.maker, "voucher_batches")
    assert (row["face_minor"], row["unit"]) == (1_500, "P:CITY")
    products = issuer.bureau.rows(issuer.maker, "products")
    [row] = [one for one in products if one["product_code"] == "PAPER"]
    assert (row["face_minor_max"], row["unit"]) == (1_500, "P:CITY")
    assert row["bears_interest"] is False


def test_a_range_of_a_batch_is_printed_and_no_other(issuer: Issuer) -> None:
    batch, codes = made(issuer)
    text = text_of(taken(issuer, printed(issuer, batch, part=1, first=3, last=4, layout="a4-1x3")))
    assert [code for code in codes if code in text] == codes[2:4]


def test_nothing_is_printed_of_cards_of_used_vouchers_or_under_an_easy_password(
    issuer: Issuer,
) -> None:
    batch, _codes = made(issuer, 2)
    cards = issuer.batch()
    issuer.bureau.sql("UPDATE card SET sale = 'sold' WHERE status = 'issued'")
    for asked in (
        printed(issuer, cards.subject),
        printed(issuer, batch),
        printed(issuer, batch, workbook_password="short"),
        printed(issuer, batch, url="http://shop.example"),
    ):
        assert isinstance(asked, Refused), asked


def test_a_sample_is_made_for_who_asks_and_has_no_code_of_the_batch(issuer: Issuer) -> None:
    """S3-23: nobody has to release it, and nothing of it is let out."""
    batch, codes = made(issuer)
    told = issuer.bureau.do(
        issuer.maker, "voucher_batch.sample", batch=batch, url="https://shop.example",
        workbook_password=PASSWORD,
    )  # fmt: skip
    text = text_of(taken(issuer, told))
    assert "SAMPLE" in text
    assert [code for code in codes if code in text or code.replace("-", "") in text] == []
    assert issuer.bureau.sql("SELECT count(*) FROM disclosure") == [(0,)]


def test_a_shop_prints_vouchers_that_it_alone_takes(issuer: Issuer) -> None:
    """S3-23: once a rights owner agrees; what others take, too, is not there for it."""
    bureau = issuer.bureau
    owner = bureau.person("merchant_owner")
    own, codes = made(issuer)
    shared, _ = made(issuer)
    [(merchant,)] = bureau.sql(
        "SELECT merchant_id FROM person_grant WHERE role = 'merchant_owner'"
        " ORDER BY id DESC LIMIT 1"
    )
    bureau.sql("UPDATE card_batch SET merchants = %s WHERE code = %s", [merchant], own)
    told = {"recipient": "counter", "note": "tomorrow", "workbook_password": PASSWORD}
    assert bureau.refused(owner, "voucher_batch.print", batch=shared, **told) == "E-NOT-FOUND"
    waiting = bureau.do(owner, "voucher_batch.print", batch=own, **told)
    assert isinstance(waiting, Waiting), waiting
    decided = {"approval": waiting.approval, "decision": "approve"}
    done = bureau.with_code(issuer.owner, "approval.decide", **decided)
    assert isinstance(done, Done), done
    bureau.do_jobs()
    file = done.told["outcome"]["told"]["file"]
    content = bureau.done(owner, "file.take", file=file).shown_once["content"]
    text = text_of(base64.b64decode(content))
    assert [text.count(code) for code in codes] == [1] * len(codes)
