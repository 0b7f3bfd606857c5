"""A member loads a card: by a paper voucher's code, and in cash by a code that a counter scans."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
import trio

from host.model.member_codes import card_of, code_of
from host.model.office import Done, Refused, Told
from host.model.requests import Kind
from tests.host.conftest import Till, audit_ledger, opened
from tests.host.office.conftest import STORE, Bureau, Person
from tests.host.office.test_gifts import CARDS
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture
from tests.host.office.test_voucher_use import Desk, made_desk
from tests.host.test_gifts import money
from tests.host.test_vouchers import FACE

PEAR_CARD = 701


@pytest.fixture
async def till(bureau: Bureau) -> AsyncIterator[Till]:
    """One whose host has the office's clock."""
    with opened(bureau.dsns, clock=lambda: bureau.now) as poster, ExitStack() as kept:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            yield Till(poster, bureau.dsns, kept=kept)
            nursery.cancel_scope.cancel()


@pytest.fixture
async def desk(two: Two) -> Desk:  # noqa: F811
    return await trio.to_thread.run_sync(lambda: made_desk(two.bureau, two.till))


async def typed(two: Two, who: Person, code: Any, card: int) -> Told:  # noqa: F811
    text = code if isinstance(code, str) else code.reveal()
    return await two.told(who, "load.code", card=card, voucher_code=text)


async def test_a_paper_code_is_put_onto_a_members_card_once(two: Two, desk: Desk) -> None:  # noqa: F811
    """S3-07, S4-58: and it comes up among what came to them, with what the card had behind it."""
    code, other, *_ = desk.codes()
    before = money(two.till, two.giver)[0]
    tried = two.bureau.do(
        two.wang, "load.code", card=two.giver, voucher_code=code.reveal(), _is_dry_run=True
    )
    assert isinstance(tried, Done), tried
    assert tried.told["face_minor"] == FACE
    told = await typed(two, two.wang, code, two.giver)
    assert isinstance(told, Done), told
    assert two.job(two.wang, told) == "done"
    assert money(two.till, two.giver) == [before + FACE]
    came, *_ = two.bureau.rows(two.wang, "my_moves", direction="in")
    names = ("event", "card", "amount_minor", "balance_minor", "is_valid")
    assert tuple(came[one] for one in names) == (
        "load_by_code", two.giver, FACE, before + FACE, True,
    )  # fmt: skip
    again = await typed(two, two.wang, code, two.giver)
    assert isinstance(again, Refused)
    assert again.code == "E-VOUCHER-CODE", "one text for whatever is wrong with a code"
    unknown = await typed(two, two.wang, "AAAA-BBBB-CCCC-DDDD", two.giver)
    assert isinstance(unknown, Refused)
    assert unknown == again
    elsewhere = await typed(two, two.wang, other, two.getter)
    assert isinstance(elsewhere, Refused)
    assert elsewhere.code == "E-NOT-FOUND", "another's card"
    assert desk.findings() == []


async def test_a_code_of_points_becomes_points_of_the_member(two: Two) -> None:  # noqa: F811
    """S4-64: a standard card of points, sold on paper, is put onto a card by its member."""
    terms = {"makes": "points_card", "may_load": True}
    desk = await trio.to_thread.run_sync(lambda: made_desk(two.bureau, two.till, terms=terms))
    before = two.till.balances(two.giver)[1]
    told = await typed(two, two.wang, desk.codes()[0], two.giver)
    assert isinstance(told, Done), told
    assert two.job(two.wang, told) == "done"
    assert two.till.balances(two.giver)[1] == before + FACE
    assert desk.findings() == []


async def test_wrong_codes_are_counted_and_no_more_are_looked_at(two: Two, desk: Desk) -> None:  # noqa: F811
    codes = [await typed(two, two.wang, "AAAA-BBBB-CCCC-DDDD", two.giver) for _ in range(5)]
    assert {one.code for one in codes if isinstance(one, Refused)} == {"E-VOUCHER-CODE"}
    right = await typed(two, two.wang, desk.codes()[0], two.giver)
    assert isinstance(right, Refused)
    assert right.code == "E-TRIES"


async def test_a_voucher_of_somebody_elses_or_another_issuer_is_not_put_on(
    two: Two,  # noqa: F811
    desk: Desk,
) -> None:
    code, other, *_ = desk.codes()
    li = int(two.li.login.partition(":")[2])
    desk.noted(f"UPDATE card SET status = 'claimed', sale = 'allocated', member_id = {li}"
               f" WHERE pan_masked LIKE '%' AND id = (SELECT min(id) FROM card WHERE part_id IN"
               f" (SELECT max(id) FROM card_batch_part))")  # fmt: skip
    told = await typed(two, two.wang, code, two.giver)
    assert isinstance(told, Refused)
    assert told.code == "E-VOUCHER-CODE"
    wang = int(two.wang.login.partition(":")[2])
    desk.noted(f"UPDATE card SET member_id = {wang} WHERE id = {PEAR_CARD}")
    told = await typed(two, two.wang, other, PEAR_CARD)
    assert isinstance(told, Refused)
    assert told.code == "E-VOUCHER"


async def test_a_counter_takes_cash_by_a_members_code_and_it_is_seen_at_once(two: Two) -> None:  # noqa: F811
    """S3-08, S4-58: nothing is paid by the code; a digit that is wrong is nobody's."""
    code = code_of(two.giver)
    assert card_of(f"{code[:1]} {code[1:]}") == two.giver
    before = money(two.till, two.giver)[0]

    def take(**asked: Any) -> Told:
        clerk = two.bureau.person("merchant_operator")
        two.till.sql("UPDATE person_grant SET limit_minor = 100000")
        told = {"amount_minor": 10_000, "receipt": "R-1", "store": int(STORE)}
        done = two.bureau.with_code(clerk, "load.cash", **{**told, **asked})
        two.bureau.do_jobs()
        return done

    wrong = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
    asking: tuple[dict[str, Any], ...] = (
        {"member_code": wrong},
        {},
        {"member_code": code, "card": two.giver},
    )
    for asked in asking:
        refused = await trio.to_thread.run_sync(partial(take, **asked))
        assert isinstance(refused, Refused), asked
        assert (refused.code, refused.field) == ("E-FIELD", "member_code")
    done = await trio.to_thread.run_sync(lambda: take(member_code=code))
    assert isinstance(done, Done), done
    [(masked,)] = two.bureau.sql("SELECT pan_masked FROM card WHERE id = %s", two.giver)
    assert done.told["pan_masked"] == masked
    assert money(two.till, two.giver) == [before + 10_000]
    [came] = two.bureau.rows(two.wang, "my_moves", direction="in", event="cash_taken")
    assert (came["amount_minor"], came["card"]) == (10_000, two.giver)


async def test_what_came_and_went_is_found_by_way_kind_and_day(two: Two) -> None:  # noqa: F811
    """S4-45: the newest first, page by page, each once; what was declined is not there."""
    bureau, till = two.bureau, two.till
    paid = []
    for amount in (1_100, 2_200):
        paid.append((await till.sell(Kind.PURCHASE, CARDS[0], amount))[1].rrn)
        bureau.later(seconds=1)
    await till.sell(Kind.CASH_LOAD, CARDS[0], 5_000)
    request = till.request(Kind.PURCHASE, CARDS[0], 90_000_00, pin="123456")
    assert not (await till.ask(request)).is_approved
    day = f"{bureau.sql('SELECT business_date FROM business_day')[0][0]}"

    def seen(**asked: str) -> list[int]:
        return [row["amount_minor"] for row in bureau.rows(two.wang, "my_moves", **asked)]

    assert seen() == [5_000, -2_200, -1_100, 100_000], "and what it began with"
    assert seen(direction="out") == seen(event="purchase") == [-2_200, -1_100]
    assert seen(direction="in", since=day, until=day) == [5_000, 100_000]
    assert seen(until="2026-01-01") == seen(since="2030-01-01") == []
    assert {row["card"] for row in bureau.rows(two.li, "my_moves")} == {CARDS[1], CARDS[2]}
    found: list[Any] = []
    after: list[str] = []
    while True:
        page = bureau.look(two.wang, "my_moves", rows_max=1, after=after)
        assert not isinstance(page, Refused), page
        found += [row[page.columns.index("rrn")] for row in page.rows]
        after = page.next
        if not after:
            break
    assert found[1:3] == paid[::-1]
    assert len(found) == 4
    [first, *_] = bureau.rows(two.wang, "my_moves", event="purchase")
    assert first["at_merchant"]
    audit_ledger(bureau.dsns)
