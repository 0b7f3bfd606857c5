"""Members do for themselves, by their pay PIN, what the office does for who is on the phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from host.model.office import NOBODY, Done, Page, Refused, Told, sought
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Pan
from host.moves import Moves
from host.paying import Paying
from host.store.office_settings import PAY_FREE_MINOR_MAX
from tests.host.conftest import CardPool, Till, asking_of
from tests.host.office.conftest import HOME, PAY_PIN, Bureau, Person
from tests.host.office.test_conversions import Desk as Rates
from tests.host.office.test_conversions import had
from tests.host.office.test_gifts import CARDS, OTHER_PHONE, PHONE
from tests.host.office.test_lotteries import House, verified
from tests.host.test_gifts import money

WRONG_PIN = "913802"
NOBODY_HERE = Person("", session=NOBODY)
FREE = PAY_FREE_MINOR_MAX.normal


@dataclass
class Two:
    """Two members with cards, a store, and a host that trades."""

    bureau: Bureau
    till: Till
    wang: Person
    li: Person
    giver: int
    getter: int
    others: int

    async def told(self, who: Person, action: str, **values: Any) -> Told:
        """As it is asked, and its job done."""
        told = self.bureau.do(who, action, **values)
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        return told

    async def done(self, who: Person, action: str, **values: Any) -> Done:
        """With the PIN, where it is asked for."""
        told = await self.told(who, action, **values)
        if isinstance(told, Refused) and told.code == "E-PAY-PIN":
            told = await self.told(who, action, _code=PAY_PIN, **values)
        assert isinstance(told, Done), told
        return told

    def job(self, who: Person, told: Done) -> str:
        """How it ended, as its member sees it."""
        [row] = self.bureau.rows(who, "jobs", id=str(told.told["job"]))
        assert "asked_by" not in row
        return str(row["state"])


@pytest.fixture
async def two(bureau: Bureau, till: Till) -> AsyncIterator[Two]:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(till.dsns.host, autocommit=True)

    def made() -> Two:
        members = [bureau.member(phone) for phone in (PHONE, OTHER_PHONE)]
        numbers = [int(one.login.partition(":")[2]) for one in members]
        for card, member in zip(CARDS, [*numbers, numbers[1]], strict=True):
            till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
        wang, li = members
        return Two(bureau, till, wang, li, *CARDS)

    async with trio.open_nursery() as nursery:
        moves = Moves(connect, asking_of(till).ask, bureau.office.clock)
        paying = Paying(connect, till.poster.book, bureau.office.clock, till.poster.pass_on)
        paying.drive = moves.drive_one
        till.poster.paying = paying
        nursery.start_soon(paying.run)
        yield await trio.to_thread.run_sync(made)
        nursery.cancel_scope.cancel()
        moves.shut()
        paying.shut()


async def test_a_member_shows_a_code_after_one_pin_in_their_session_and_a_till_takes_it(
    two: Two,
) -> None:
    """S3-09, S3-10, S2-49."""
    first = await two.told(two.wang, "pay.show_code", card=two.giver)
    assert isinstance(first, Refused)
    assert first.code == "E-PAY-PIN"
    shown = await two.done(two.wang, "pay.show_code", card=two.giver)
    again = await two.told(two.wang, "pay.show_code", card=two.giver)
    assert isinstance(again, Done), "the PIN was given in this session"
    for code, reason in ((shown, Reason.PAY_CODE_UNKNOWN), (again, Reason.APPROVED)):
        pan = Pan(code.shown_once["code"])
        sale = two.till.request(Kind.PURCHASE, None, 4_000, pan=pan, entry_mode="032")
        assert (await two.till.ask(sale)).reason is reason
    assert money(two.till, two.giver) == [96_000]
    [used] = two.bureau.rows(two.wang, "usages")
    assert (used["card"], used["gift_card_minor"]) == (two.giver, 4_000), used


async def test_a_member_scans_a_store_and_pays_a_little_without_a_pin(two: Two) -> None:
    """S3-09."""
    clerk = two.bureau.person("store_clerk")
    code = two.bureau.done(clerk, "pay.store_code", store=int(HOME["store"])).shown_once["code"]
    told = {"card": two.giver, "store_code": code}
    free = await two.told(two.wang, "pay.scan", amount_minor=FREE, **told)
    assert isinstance(free, Done), free
    assert two.job(two.wang, free) == "done"
    more = await two.told(two.wang, "pay.scan", amount_minor=FREE + 1, **told)
    assert isinstance(more, Refused)
    assert more.code == "E-PAY-PIN"
    paid = await two.done(two.wang, "pay.scan", amount_minor=FREE + 1, **told)
    assert two.job(two.wang, paid) == "done"
    assert money(two.till, two.giver) == [100_000 - 2 * FREE - 1]
    short = await two.told(two.wang, "pay.scan", amount_minor=FREE, **{**told, "card": two.getter})
    assert isinstance(short, Refused)
    assert short.code == "E-NOT-FOUND", "a card of another's"


async def test_wrong_pins_shut_it_and_a_code_of_the_phone_opens_it(two: Two) -> None:
    told = {"card": two.giver, "amount_minor": 100, "phone": OTHER_PHONE}
    codes = []
    for _ in range(5):
        assert two.bureau.refused(two.wang, "gift.send", **told) == "E-PAY-PIN"
        codes.append(two.bureau.refused(two.wang, "gift.send", _code=WRONG_PIN, **told))
    assert codes == ["E-WRONG-PIN"] * 5
    assert two.bureau.refused(two.wang, "gift.send", _code=PAY_PIN, **told) == "E-PIN-SHUT"
    assert len(two.bureau.rows(two.wang, "wallet")) == 1, "one still looks"
    two.bureau.done(two.wang, "pay_pin.code")
    two.bureau.done(two.wang, "pay_pin.set", new="730915", code=two.bureau.code_sent())
    assert two.bureau.refused(two.wang, "gift.send", **told) == "E-PAY-PIN"
    sent = await two.told(two.wang, "gift.send", _code="730915", **told)
    assert isinstance(sent, Done), sent


async def test_a_gift_goes_from_one_member_to_the_other_and_both_see_it(two: Two) -> None:
    """S3-14, S3-15, S3-16."""
    sent = await two.done(
        two.wang, "gift.send", card=two.giver, amount_minor=5_000, phone=OTHER_PHONE, wish="安康"
    )
    assert two.job(two.wang, sent) == "done"
    [given] = two.bureau.rows(two.wang, "my_gifts")
    [waits] = two.bureau.rows(two.li, "my_gifts")
    assert (given["direction"], waits["direction"]) == ("given", "waits")
    assert (waits["amount_minor"], waits["wish"]) == (5_000, "安康")
    gift = waits["id"]
    for who, told in (
        (two.wang, {"gift": gift, "is_declined": True}),
        (two.li, {"gift": gift}),
    ):
        refused = await two.told(who, "gift.withdraw", **told)
        assert isinstance(refused, Refused), "it is the other's to do"
        assert refused.code == "E-NOT-FOUND"
    claimed = await two.done(two.li, "gift.claim", gift=gift, card=two.getter)
    assert two.job(two.li, claimed) == "done"
    assert money(two.till, two.giver, two.getter) == [95_000, 105_000]
    [got] = two.bureau.rows(two.li, "my_gifts")
    assert (got["direction"], got["state"]) == ("got", "claimed")
    assert two.bureau.rows(two.li, "my_gifts", direction="waits") == []


async def test_who_gets_a_gift_may_decline_it_and_who_gave_it_may_withdraw_it(two: Two) -> None:
    """S3-15."""
    for who, is_declined in ((two.li, True), (two.wang, False)):
        await two.done(two.wang, "gift.send", card=two.giver, amount_minor=5_000, phone=OTHER_PHONE)
        [waits] = two.bureau.rows(two.li, "my_gifts", direction="waits")
        await two.done(who, "gift.withdraw", gift=waits["id"], is_declined=is_declined)
    assert money(two.till, two.giver) == [100_000]


async def test_a_member_without_a_pin_is_told_to_choose_one(two: Two) -> None:
    new = Person("", phone="13711112222")
    member = two.bureau.sign_in(new).told["member"]
    two.till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, two.others)
    assert two.bureau.refused(new, "pay.show_code", card=two.others) == "E-NO-PIN"


async def test_a_member_sees_their_own_and_nothing_else(two: Two) -> None:
    """S1-47, S3-02."""
    assert [row["id"] for row in two.bureau.rows(two.wang, "wallet")] == [two.giver]
    assert {row["id"] for row in two.bureau.rows(two.li, "wallet")} == {two.getter, two.others}
    other = two.li.login.partition(":")[2]
    for view in ("wallet", "usages"):
        assert two.bureau.rows(two.wang, view, member=other) == []
    assert two.bureau.rows(two.wang, "points", card=str(two.getter)) == []
    frozen = await two.told(
        two.wang, "card.freeze", card=two.getter, kind="lose", note="it is not mine"
    )
    assert isinstance(frozen, Refused)
    assert frozen.code == "E-NOT-FOUND"
    await two.done(two.wang, "card.freeze", card=two.giver, kind="lose", note="I have lost it")
    [row] = two.bureau.rows(two.wang, "wallet")
    assert row["card_status"] == "lost"


async def test_a_member_draws_in_a_lottery_once_for_one_form_and_it_is_verified(
    two: Two, pool: CardPool, tmp_path: Path
) -> None:
    """S4-62: the list has the draw by a key without the member's number."""
    house, card = House(two.bureau), pool.with_points()
    mine = int(two.wang.login.partition(":")[2])
    two.till.sql("UPDATE card SET member_id = %s WHERE id = %s", mine, card)

    def begin() -> None:
        house.opened(prizes=["P30 100% 5 points 30 30 积分"], cap=2)

    await trio.to_thread.run_sync(begin)
    told = {"card": card, "lottery": "DW2026", "cost_points": 50}
    [shown] = two.bureau.rows(two.wang, "lotteries")
    assert (shown["cost_points"], len(shown["commitment"])) == (50, 64)
    first = await two.done(two.wang, "lottery.draw", _once_key="tap", **told)
    again = await two.done(two.wang, "lottery.draw", _once_key="tap", **told)
    assert first.told["job"] == again.told["job"]
    assert two.job(two.wang, first) == "done"
    [row] = two.bureau.rows(two.wang, "draws")
    assert (row["lottery"], row["draw"], row["won"]) == ("DW2026", 1, "30 积分")
    assert two.bureau.rows(two.li, "draws") == []
    assert two.till.balances(card) == (100_000, 2_000 - 50 + 30)
    for expected in ("done", "failed"):
        drawn = await two.done(two.wang, "lottery.draw", **told)
        assert two.job(two.wang, drawn) == expected
    other = await two.done(two.wang, "lottery.draw", **{**told, "cost_points": 49})
    assert two.job(two.wang, other) == "failed"
    [row] = two.bureau.rows(two.wang, "jobs", id=str(drawn.told["job"]))
    assert row["error"].startswith("E-DRAWN-ENOUGH: ")
    assert row["error_zh"] == "E-DRAWN-ENOUGH: 抽奖次数已达上限"

    def end() -> None:
        house.bureau.sign_in(house.author)
        house.bureau.done(house.author, "lottery.close", lottery="DW2026", note="the day is over")
        house.bureau.do_jobs()
        verdict = verified(house, tmp_path)
        assert (verdict.faults, verdict.draws) == ((), 2)
        text = (tmp_path / "file").read_text()
        assert "member/" in text
        assert f"member/{two.wang.login.partition(':')[2]}/" not in text

    await trio.to_thread.run_sync(end)
    page = two.bureau.look(NOBODY_HERE, "lottery_proof", filters=sought({"lottery": "DW2026"}))
    assert isinstance(page, Page)
    assert page.rows[0][page.columns.index("content")] == (tmp_path / "file").read_text()
    closed = await two.told(two.wang, "lottery.draw", **told)
    assert isinstance(closed, Refused)
    assert closed.code == "E-NOT-DRAWN"


async def test_a_member_converts_points_at_the_rate_that_was_shown(
    two: Two, pool: CardPool
) -> None:
    """S4-40, S4-43: by their PIN; at another rate nothing is done."""
    card, mine = pool.with_points(), int(two.wang.login.partition(":")[2])
    two.till.sql("UPDATE card SET member_id = %s WHERE id = %s", mine, card)
    lots = two.bureau.rows(two.wang, "points")
    assert {row["spendable"] for row in lots} == {2_000}
    assert two.bureau.rows(two.li, "points") == []
    await trio.to_thread.run_sync(lambda: Rates(two.till, two.bureau, card))
    two.bureau.sign_in(two.wang)
    told = {"card": card, "from_programme": "CITY", "to_programme": "GREEN", "points": 100}
    [rate] = two.bureau.rows(two.wang, "rates")
    assert (rate["rate"], "made_by" in rate) == ("3/2", False)
    other = await two.told(two.wang, "points.convert", rate="2", _code=PAY_PIN, **told)
    assert isinstance(other, Refused)
    asked = await two.told(two.wang, "points.convert", rate="3/2", **told)
    assert isinstance(asked, Refused)
    assert asked.code == "E-PAY-PIN"
    done = await two.done(two.wang, "points.convert", rate="3/2", **told)
    assert two.job(two.wang, done) == "done"
    assert had(two.till, card) == {"CITY": 1_900, "GREEN": 150}


async def test_anybody_sees_what_is_told_to_all_and_only_so_often(two: Two) -> None:
    """S4-62, S4-72, S4-43: counted by source; a draft and who wrote a rate are told to none."""
    house = House(two.bureau)
    house.create()
    look = two.bureau.look
    page = look(NOBODY_HERE, "lotteries", source="web/a")
    assert isinstance(page, Page)
    assert page.rows == []
    assert isinstance(house.freeze(), Done)
    shown = look(NOBODY_HERE, "lotteries", source="web/a")
    assert isinstance(shown, Page)
    assert [row[0] for row in shown.rows] == ["DW2026"]
    rates = look(NOBODY_HERE, "rates", source="web/a")
    assert isinstance(rates, Page)
    assert "made_by" not in rates.columns
    for view in ("wallet", "members", "draws", "cards", "people"):
        told = look(NOBODY_HERE, view, source="web/b")
        assert isinstance(told, Refused), view
        assert told.code == "E-SIGNED-OUT", view
    often = [look(NOBODY_HERE, "directory", source="web/c") for _ in range(11)]
    assert [isinstance(one, Page) for one in often] == [True] * 10 + [False]
    wrong = look(NOBODY_HERE, "lottery_proof", filters=sought({"lottery": "NONE"}), source="web/d")
    assert isinstance(wrong, Refused)
    assert often[-1] == wrong, "one text"
