"""Floods at the desk: whoever signs on waits for others who do, and nobody else waits for them."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
import pytest
import trio
import trio.testing
from prometheus_client import REGISTRY

from config.run.database import Dsns
from host.estate.demo import EXTERNAL_ZONE, external_cards
from host.hsm.keys import DeliveredKeys
from host.hsm.pin import make_pin_block
from host.lines import ANYBODYS_IN_LINE_MAX
from host.model.requests import Kind, PinBlock, Request, Response, Totals
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.conftest import TERMINALS, CardPool, Till, trading
from tests.host.desk.test_desk import ask_keys, buy, generations, sign_on
from tests.host.terminal_day import Day

NAMES = [f"{80_010_003 + place}" for place in range(30)]


class Hold:
    """Sign-ons that are written and not told: their thread waits."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()


@contextmanager
def sign_ons_held(till: Till, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    hold, mint = Hold(), till.poster._desk.sign_ons.mint

    def mint_and_wait(asked):
        outcomes = mint(asked)
        hold.reached.set()
        assert hold.go_on.wait(60)
        return outcomes

    monkeypatch.setattr(till.poster._desk.sign_ons, "mint", mint_and_wait)
    try:
        yield hold
    finally:
        hold.go_on.set()


class Asked:
    """Requests that are under way, and what was answered so far."""

    def __init__(self, till: Till, requests: list[Request]) -> None:
        self.answers: dict[int, Response] = {}
        self._every = trio.Event()
        self._count = len(requests)
        for place, request in enumerate(requests):
            till.poster.submit(request, functools.partial(self._take, place))

    async def wait(self) -> list[Response]:
        with trio.fail_after(60):
            await self._every.wait()
        return [self.answers[place] for place in range(self._count)]

    def _take(self, place: int, answer: Response) -> None:
        self.answers[place] = answer
        if len(self.answers) == self._count:
            self._every.set()


async def reached(hold: Hold) -> None:
    with trio.fail_after(60):
        while not hold.reached.is_set():  # noqa: ASYNC110 - a thread has no event of trio's
            await trio.sleep(0.01)


def stored_generations(till: Till, terminal_id: str) -> list[int]:
    stored = "SELECT DISTINCT generation FROM terminal_key WHERE terminal_id = %s ORDER BY 1"
    return [row[0] for row in till.sql(stored, terminal_id)]


async def test_a_generation_proved_while_a_sign_on_is_written_is_kept(
    estate_database: Dsns, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal uses the keys it got while somebody, perhaps not it, asks for others."""
    name, card = "80010005", pool.city()
    async with trading(estate_database) as till:
        second = await sign_on(till, name)
        assert await generations(till, name) == [2, 1]
        with sign_ons_held(till, monkeypatch) as hold:
            asked = Asked(till, [ask_keys(till, name)])
            await reached(hold)
            assert (await buy(till, name, card, second.pik, 2)).is_approved
            assert await generations(till, name) == [2]
            hold.go_on.set()
            [third] = await asked.wait()
        assert third.is_approved
        assert await generations(till, name) == [3, 2]
        assert stored_generations(till, name) == [0, 2, 3]
        assert (await buy(till, name, card, second.pik, 2)).is_approved
    async with trading(estate_database) as till:
        assert await generations(till, name) == [3, 2]
        assert (await buy(till, name, card, second.pik, 2)).is_approved


async def test_a_generation_that_a_later_sign_on_replaced_ends_no_keys(
    till: Till, pool: CardPool
) -> None:
    """A message that was proved before the switch heard of the sign-on comes after it."""
    name, card = "80010006", pool.city()
    for _ in range(2):
        await sign_on(till, name)
    assert await generations(till, name) == [3, 1]
    await till.ask(till.request(Kind.BALANCE_INQUIRY, card, terminal_id=name, key_generation=2))
    assert await generations(till, name) == [3, 1]


async def test_while_sign_ons_wait_everything_else_goes_on(
    till: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = await sign_on(till, "80010038")
    with sign_ons_held(till, monkeypatch) as hold:
        flood = Asked(till, [ask_keys(till, name) for name in NAMES])
        await reached(hold)
        assert (await buy(till, NAMES[0], pool.city(), _pik(NAMES[0]), 1)).is_approved
        assert (await till.ask(_pin(till))).is_approved
        assert (await till.ask(_settlement(till))).is_approved
        echo = till.request(Kind.ECHO, key_generation=0)
        assert (await till.ask(echo)).is_approved
        await _prove_and_wait(till, "80010038", pool, new)
        await till.poster.reload()
        assert flood.answers == {}
        hold.go_on.set()
        answers = await flood.wait()
    assert all(answer.is_approved for answer in answers)
    for name in NAMES:
        assert await generations(till, name) == [2, 1]


async def test_sign_ons_beyond_their_own_limit_are_told_91_and_nobody_else_is(
    estate_database: Dsns, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trading(estate_database, sign_ons_waiting_max=4) as till:
        with sign_ons_held(till, monkeypatch) as hold:
            taken = Asked(till, [ask_keys(till, name) for name in NAMES[:4]])
            await reached(hold)
            refused = await Asked(till, [ask_keys(till, name) for name in NAMES[4:]]).wait()
            assert {answer.reason for answer in refused} == {Reason.HOST_UNREACHABLE}
            assert (await buy(till, NAMES[0], pool.city(), _pik(NAMES[0]), 1)).is_approved
            assert (await till.ask(_settlement(till))).is_approved
            hold.go_on.set()
            assert all(answer.is_approved for answer in await taken.wait())


async def test_sign_ons_in_a_terminals_name_do_not_fill_its_line(
    till: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can send them: who has the keys is not told that something is under way."""
    name = NAMES[0]
    with sign_ons_held(till, monkeypatch) as hold:
        flood = Asked(till, [ask_keys(till, name) for _ in range(40)])
        await reached(hold)
        assert (await buy(till, name, pool.city(), _pik(name), 1)).is_approved
        hold.go_on.set()
        reasons = [answer.reason for answer in await flood.wait()]
    assert set(reasons) == {Reason.APPROVED, Reason.IN_PROGRESS}
    assert reasons.count(Reason.APPROVED) == 9


async def test_unproved_uploads_in_a_terminals_name_do_not_fill_its_line(
    till: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait their turn; whoever has the keys stands in the same line and is not told 09."""
    name, go_on = "80010035", threading.Event()
    answer = till.poster._desk.answer

    def answer_later(*told):
        assert go_on.wait(60)
        return answer(*told)

    monkeypatch.setattr(till.poster._desk, "answer", answer_later)
    anybodys = [Day(till, name).message(Kind.BATCH_UPLOAD) for _ in range(40)]
    flood = Asked(till, [msgspec.structs.replace(one, is_proved=False) for one in anybodys])
    sale = Asked(till, [till.request(Kind.CASH_LOAD, pool.city(), 1, terminal_id=name)])
    go_on.set()
    [bought] = await sale.wait()
    assert bought.is_approved
    reasons = [answer.reason for answer in await flood.wait()]
    assert reasons.count(Reason.IN_PROGRESS) == 40 - ANYBODYS_IN_LINE_MAX


async def test_what_the_desk_answers_is_in_the_metrics_at_once(till: Till) -> None:
    def settled() -> float:
        labels = {"kind": Kind.SETTLEMENT.value, "reason": Reason.APPROVED.value}
        return REGISTRY.get_sample_value("posswitch_host_requests_total", labels) or 0.0

    before = settled()
    assert (await till.ask(_settlement(till))).is_approved
    await trio.testing.wait_all_tasks_blocked()
    assert settled() == before + 1


async def test_one_terminal_whose_keys_cannot_be_stored_is_alone_in_its_trouble(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = NAMES[3]
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        owner.execute(
            f"ALTER TABLE terminal_key ADD CHECK (terminal_id <> '{odd}' OR generation < 2)"
        )
    with sign_ons_held(till, monkeypatch) as hold:
        first = Asked(till, [ask_keys(till, "80010040")])
        await reached(hold)
        together = Asked(till, [ask_keys(till, name) for name in NAMES])
        hold.go_on.set()
        await first.wait()
        answers = await together.wait()
    told = {name: answer.reason for name, answer in zip(NAMES, answers, strict=True)}
    assert told.pop(odd) is Reason.HOST_UNREACHABLE
    assert set(told.values()) == {Reason.APPROVED}
    assert await generations(till, odd) == [1]


async def test_proofs_that_cannot_be_stored_now_are_stored_later(
    till: Till, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.desk.rooms.PROOF_RETRY_SECONDS", 0.01)
    store, failures = till.poster._desk.store_proofs, iter([False, False])

    def store_at_last(proved):
        return next(failures, None) is None and store(proved)

    monkeypatch.setattr(till.poster._desk, "store_proofs", store_at_last)
    new = await sign_on(till, NAMES[0])
    await _prove_and_wait(till, NAMES[0], pool, new)


async def _prove_and_wait(till: Till, name: str, pool: CardPool, keys: DeliveredKeys) -> None:
    assert (await buy(till, name, pool.city(), keys.pik, 2)).is_approved
    proved = "SELECT 1 FROM terminal WHERE terminal_id = %s AND key_generation = 2"
    with trio.fail_after(60):
        while not till.sql(proved, name):  # noqa: ASYNC110 - a database has no event
            await trio.sleep(0.01)


def _pik(terminal_id: str) -> Secret:
    working = TERMINALS[terminal_id].working
    assert working is not None
    return working.pik


def _settlement(till: Till) -> Request:
    zero = (Totals(), Totals())
    return Day(till, "80010035").message(Kind.SETTLEMENT, totals=zero)


def _pin(till: Till) -> Request:
    pan = external_cards()[0].pan
    block = PinBlock(0, make_pin_block(_pik("80010036"), Secret(b"123456"), pan, 0))
    return till.request(
        Kind.PIN_TRANSLATION, terminal_id="80010036", pan=pan, pin=block, zone=EXTERNAL_ZONE.name
    )
