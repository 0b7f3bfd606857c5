"""What a payment port says of a day is held against what went over it, to the last payment."""

import base64
import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import trio

from clearing.run import run_clearing
from clearing.verify import ask
from host.model.office import Done, Refused, Waiting
from tests.host.office.conftest import Bureau
from tests.host.office.test_clearing import DAY
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture
from tests.host.office.test_online_loads import SUM, Payer, till  # noqa: F401 - a fixture

HEADS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


class Moved(NamedTuple):
    """A row of a bill, as the port has it."""

    reference: str
    minor: int
    is_refund: bool = False
    at: str = "2026-11-22 09:31:06"


def back(reference: str, minor: int = SUM, at: str = "2026-11-22 09:40:00") -> Moved:
    return Moved(reference, minor, is_refund=True, at=at)


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def bill(rows: Sequence[Moved]) -> str:
    """As the port's documentation has it, by hand."""
    lines = [HEADS]
    for one in rows:
        paid, given = (0, one.minor) if one.is_refund else (one.minor, 0)
        cells = [
            one.at, "wx8888", "1900000109", "0", "", one.reference, "L1", "openid", "JSAPI",
            "REFUND" if one.is_refund else "SUCCESS", "OTHERS", "CNY", yuan(paid), "0.00",
            "5030" if one.is_refund else "0", f"R-{one.reference}" if one.is_refund else "0",
            yuan(given), "0.00", "ORIGINAL" if one.is_refund else "", "", "cards, and more", "",
            "0.00000", "0.60%", yuan(paid), yuan(given), "",
        ]  # fmt: skip
        lines.append(",".join(f"`{cell}" for cell in cells))
    totals = [
        yuan(sum(one.minor for one in rows if one.is_refund is is_refund))
        for is_refund in (False, True)
    ]
    sums = (str(len(rows)), *totals, "0.00", "0.00000", *totals)
    return "\r\n".join([*lines, SUMS, ",".join(f"`{cell}" for cell in sums), ""])


class Desk:
    """Finance, a member who pays, and a date that is closed."""

    def __init__(self, payer: Payer, files: Path) -> None:
        self.payer, self.bureau, self.files = payer, payer.bureau, files
        self.finance, self.second = self.bureau.person("finance"), self.bureau.person("finance")

    async def paid(self, *events: str) -> str:
        """A payment that became what is said; gives the number its port has of the first."""
        payment = await self.payer.ordered()
        for event in events:
            assert isinstance(await self.payer.plays(payment, event), Done)
            await self.payer.later(seconds=4)
        [(order,)] = self.bureau.sql("SELECT order_number FROM port_payment WHERE id = %s", payment)
        return f"SIM-{order}-0"

    async def clear(self, day: dt.date = DAY) -> None:
        def run() -> None:
            with psycopg.connect(self.bureau.dsns.night, autocommit=True) as night:
                run_clearing(night, self.files, day, who="zhang")

        await trio.to_thread.run_sync(run)

    def told(self, text: str, day: dt.date = DAY, who: Any = None, **more: Any) -> Any:
        one = who or self.finance
        self.bureau.sign_in(one)
        content = base64.b64encode(text.encode()).decode()
        file = self.bureau.done(one, "file.send", name="bill.csv", content=content).told["file"]
        asked = {"file_layout": "wechat_bill", "date": day.isoformat(), "file": file, **more}
        return self.bureau.do(one, "recon.import", **asked)

    async def taken(self, rows: Sequence[Moved], day: dt.date = DAY) -> None:
        told = self.told(bill(rows), day)
        assert isinstance(told, Done), told
        await trio.to_thread.run_sync(self.bureau.do_jobs)

    def items(self) -> list[tuple[str, str, int, int]]:
        """Open differences: of which kind, of what, what we have, what they have."""
        self.bureau.sign_in(self.finance)
        return sorted(
            (row["difference"], row["rrn"], row["ours_minor"], row["theirs_minor"])
            for row in self.bureau.rows(self.finance, "recon_items")
            if row["answer"] is None
        )

    def number(self, rrn: str) -> int:
        rows = self.bureau.rows(self.finance, "recon_items")
        [found] = [row for row in rows if row["rrn"] == rrn and row["answer"] is None]
        assert (found["recon_source"], found["port"]) == ("port_bill", "wechat")
        return int(found["id"])

    def answer(self, named: str, answer: str, **more: Any) -> Any:
        self.bureau.sign_in(self.finance)
        asked = {"difference": self.number(named), "answer": answer, "note": "as it was found"}
        return self.bureau.do(self.finance, "recon.match", **asked, **more)


@pytest.fixture
async def desk(two: Two, tmp_path: Path) -> Desk:  # noqa: F811
    return await trio.to_thread.run_sync(lambda: Desk(Payer(two), tmp_path))


async def test_a_bill_that_says_what_went_over_the_port_reconciles_the_date(desk: Desk) -> None:
    """S4-79: loaded, given back because it came late, paid twice, and of another amount."""
    one = await desk.paid("paid")
    late = await desk.paid("not_paid", "paid")
    twice = await desk.paid("paid_twice")
    other = await desk.paid("paid_another_amount")
    await desk.clear()
    desk.bureau.sign_in(desk.finance)
    asked = {"file_layout": "wechat_bill", "since": DAY.isoformat()}
    desk.bureau.done(desk.finance, "recon.expect", **asked)
    rows = desk.bureau.rows(desk.finance, "business_days", date=DAY.isoformat())
    assert rows[0]["day_state"] == "files_out", "its bill is not there"
    again = f"{twice[:-1]}1"
    bill_rows = [
        Moved(one, SUM), Moved(late, SUM), back(late), Moved(twice, SUM), Moved(again, SUM),
        back(again), Moved(other, SUM - 1), back(other, SUM - 1),
    ]  # fmt: skip
    await desk.taken(bill_rows)
    assert desk.items() == []
    [file] = desk.bureau.rows(desk.finance, "recon_files")
    assert (file["port"], file["lines"], file["matched"]) == ("wechat", 8, 8)
    rows = desk.bureau.rows(desk.finance, "business_days", date=DAY.isoformat())
    assert rows[0]["day_state"] == "reconciled"
    assert desk.told(bill(bill_rows)).code == "E-FILE-TWICE"
    assert desk.told(bill(bill_rows[1:])).code == "E-FILE-OF-DATE"
    [(named, journals)] = desk.bureau.sql(
        "SELECT count(*)::int, count(number)::int FROM recon_match"
    )
    assert (named, journals) == (8, 2), "what was put onto a card names its posting"


async def test_each_difference_with_a_port_is_of_one_class(desk: Desk) -> None:
    """S4-79: whichever side has less, and what was given back as well."""
    lacked, other, twice = [await desk.paid("paid") for _ in range(3)]
    late = await desk.paid("not_paid", "paid")
    await desk.clear()
    await desk.taken([
        Moved(other, SUM + 1), Moved(twice, SUM), Moved(twice, SUM),
        Moved("4200000000000001", 700), Moved("4200000000000002", 50, at="2026-11-21 23:59:59"),
        Moved(late, SUM),
    ])  # fmt: skip
    assert desk.items() == [
        ("doubled", twice, 0, SUM),
        ("late", "4200000000000002", 0, 50),
        ("other_amount", other, SUM, SUM + 1),
        ("they_lack", f"R-{late}", -SUM, 0),
        ("they_lack", lacked, SUM, 0),
        ("we_lack", "4200000000000001", 0, 700),
    ]


async def test_what_is_paid_and_on_no_card_is_lacked_until_its_posting_mends_it(
    desk: Desk,
) -> None:
    """S4-79: the difference has an owner, and is answered by the posting that was lacking."""
    payment = await desk.payer.ordered()
    for event in ("silent", "paid"):
        assert isinstance(await desk.payer.plays(payment, event), Done)
    await desk.clear()
    [(order,)] = desk.bureau.sql("SELECT order_number FROM port_payment WHERE id = %s", payment)
    reference = f"SIM-{order}-0"
    await desk.taken([Moved(reference, SUM)])
    assert desk.items() == [("we_lack", reference, 0, SUM)]
    assert isinstance(desk.answer(reference, "take"), Done)
    await desk.payer.later(seconds=31)
    assert desk.payer.loaded() == SUM
    [(rrn,)] = desk.bureau.sql("SELECT rrn_of(journal_id) FROM port_payment WHERE id = %s", payment)
    assert isinstance(desk.answer(reference, "posted", rrn=rrn), Done)
    [item] = desk.bureau.rows(desk.finance, "recon_items")
    assert (item["owner"], item["answer"], item["mended_rrn"]) == (
        desk.finance.login, "posted", rrn,
    )  # fmt: skip


async def test_what_the_bill_of_the_next_day_has_is_lacked_no_more(desk: Desk) -> None:
    """S4-79: a port's day is its own, from midnight to midnight there."""
    early = await desk.paid("paid")
    desk.bureau.later(hours=14, minutes=28)
    desk.bureau.sign_in(desk.payer.two.wang)
    midnight = await desk.paid("paid")
    await desk.clear()
    await desk.clear(DAY + dt.timedelta(days=1))
    await desk.taken([])
    assert desk.items() == [("they_lack", early, SUM, 0)]
    at = "2026-11-23 00:00:10"
    await desk.taken(
        [Moved(midnight, SUM, at=at), Moved(early, SUM, at=at)], DAY + dt.timedelta(days=1)
    )
    assert desk.items() == []


async def test_differences_with_a_port_are_matched_or_written_off(desk: Desk) -> None:
    """S4-79: both sides come to the same, or two people let it go."""
    first, second = await desk.paid("paid"), await desk.paid("paid")
    await desk.clear()
    strange = "4200000000000009"
    await desk.taken([Moved(strange, SUM)])
    told = desk.answer(first, "match", others=[desk.number(second), desk.number(strange)])
    assert told.code == "E-SUM"
    assert isinstance(desk.answer(first, "match", others=[desk.number(strange)]), Done)
    assert isinstance(desk.answer(second, "write_off"), Waiting), "above what one person may"
    assert desk.items() == [("they_lack", second, SUM, 0)]


def gone(text: str, *lines: int) -> str:
    return "\r\n".join(one for at, one in enumerate(text.split("\r\n")) if at not in lines)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda text: gone(text, 2, 3, 4), "line 2: the bill does not end in its sums"),
        (lambda text: gone(text, 4), "line 4: the bill does not end in its sums"),
        (lambda text: gone(text, 1), "line 4, 总交易单数: the bill has 1 rows"),
        (lambda text: text.replace("应结订单金额", "总金额"), "line 1, 应结订单金额: the column"),
        (lambda text: text.replace("`SUCCESS", "`PAYING", 1), "line 2, 交易状态: not SUCCESS"),
        (lambda text: text.replace("`0.60%", "0.60%", 1), "line 2: 26 cells"),
        (lambda text: text.replace("09:31:06", "25:31:06", 1), "line 2, 交易时间: no time as"),
        (lambda text: text.replace("`CNY", "`yuan", 1), "line 2, 货币种类: no currency"),
        (lambda text: text.replace("`123.00,`0.00,`0", "`1e2,`0.00,`0", 1), "line 2, 应结订单金额"),
        (lambda text: re.sub("`2,`246.00", "`2,`246.01", text), "line 5, 应结订单总金额: it is"),
        (lambda text: text.replace("`SIM-1", "`" + "9" * 65, 1), "line 2, 微信订单号: it is too"),
        (lambda _text: "\r\n", "the bill does not end in its sums"),
    ],
)
async def test_a_bill_that_is_not_whole_is_refused_whole(
    bureau: Bureau, tmp_path: Path, spoilt: Any, said: str
) -> None:
    """S4-79: by line and column; nothing of it is kept."""

    def run() -> Any:
        with psycopg.connect(bureau.dsns.night, autocommit=True) as night:
            run_clearing(night, tmp_path, DAY, who="zhang")
        finance = bureau.person("finance")
        text = spoilt(bill([Moved("SIM-1", SUM), Moved("SIM-2", SUM)]))
        assert SUM == 12_300
        content = base64.b64encode(text.encode()).decode()
        file = bureau.done(finance, "file.send", name="bill.csv", content=content).told["file"]
        asked = {"file_layout": "wechat_bill", "date": DAY.isoformat(), "file": file}
        return bureau.do(finance, "recon.import", **asked)

    told = await trio.to_thread.run_sync(run)
    assert isinstance(told, Refused), told
    assert told.code == "E-FILE-ROWS"
    assert said in told.en
    assert bureau.sql("SELECT count(*)::int FROM recon_line") == [(0,)]


async def test_a_merchants_owner_sends_no_bill_of_a_port(desk: Desk) -> None:
    await desk.clear()
    owner = await trio.to_thread.run_sync(lambda: desk.bureau.person("merchant_owner"))
    told = desk.told(bill([]), who=owner)
    assert isinstance(told, Refused)
    assert (told.code, told.field) == ("E-FIELD", "merchant")


async def test_the_audit_holds_bills_against_ports_and_the_ledger(desk: Desk) -> None:
    """S4-79: what was matched is of what went over the port."""
    one, late = await desk.paid("paid"), await desk.paid("not_paid", "paid")
    await desk.clear()
    await desk.taken([Moved(one, SUM), Moved(late, SUM), back(late)])
    for edit, tests in (
        ("SELECT 1", set()),
        (
            "UPDATE recon_line SET amount_minor = 1 WHERE rrn NOT LIKE 'R-%'",
            {"match_not_its_journal", "match_not_over_its_port"},
        ),
        ("DELETE FROM recon_match WHERE rrn LIKE 'R-%'", {"line_without_answer"}),
        (
            "UPDATE port_payment SET reference = 'X' WHERE state = 'refunded'",
            {"match_not_over_its_port"},
        ),
    ):
        with psycopg.connect(desk.bureau.dsns.owner) as connection:
            connection.execute(edit.encode())
            found = {finding.test for finding in ask(connection)}
            assert found & {
                "match_not_its_journal", "match_not_over_its_port", "line_without_answer",
            } == tests, edit  # fmt: skip
            connection.rollback()
