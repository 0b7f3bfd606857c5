"""Reversals the switch owes: on disk first, sent until answered, over restarts, without secrets."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import contextlib
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import trio

from host.model.money import Money
from host.model.requests import (
    ExchangeKey,
    Family,
    IssuerDecision,
    Kind,
    Original,
    PinBlock,
    Request,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from switch.memory.route_words import HOST
from switch.memory.routes import without_secrets
from switch.memory.saf import DAY_SECONDS, SEND_MAX, StoreAndForward
from switch.memory.saf_file import SafError, SafFile
from switch.settings import SwitchSettings
from switch.undoing import reversal_of
from tests.switch.conftest import approval

SETTINGS = SwitchSettings(host_seconds_max=30.0, saf_retry_seconds_max=8.0, saf_days_max=7.0)
PAN = "9988000000000015"


def purchase_of(stan: int) -> Request:
    return Request(
        kind=Kind.PURCHASE,
        key=ExchangeKey("pos", "80010001", "000012", f"{stan:06d}", Family.FINANCIAL),
        merchant_id="888290054110001",
        pan=Pan(PAN),
        amount=Money(12345, "CNY"),
        pin=PinBlock(0, Secret(b"12345678")),
    )


class Line:
    """A host link that answers as told and looks at the file when it is asked."""

    def __init__(self, path) -> None:
        self._path = path
        self.answer: Reason | None = Reason.APPROVED
        self.is_down = False
        self.asked: list[Request] = []
        self.stored_when_asked: list[set[str]] = []
        self.forgotten: list[int] = []
        self.asked_event = trio.Event()

    def ask(self, request, waiter):
        if self.is_down:
            return None
        self.asked.append(request)
        self.stored_when_asked.append(keys_in(self._path))
        self.asked_event.set()
        if self.answer is not None:
            waiter.answered(approval(reason=self.answer))
        return len(self.asked)

    def forget(self, ticket):
        self.forgotten.append(ticket)

    def find(self, _terminal_id, _finder):
        return False

    async def has(self, count: int) -> None:
        while len(self.asked) < count:
            self.asked_event = trio.Event()
            await self.asked_event.wait()


def keys_in(path) -> set[str]:
    with sqlite3.connect(path) as db:
        rows = {key for (key,) in db.execute("SELECT key_text FROM owed")}
    db.close()
    return rows


@pytest.fixture
def path(tmp_path):
    return tmp_path / "saf.db"


@pytest.fixture
async def line(path):
    return Line(path)


def made(path, line, at: float = 0.0) -> StoreAndForward:
    return StoreAndForward(SafFile(path), {HOST: line}, SETTINGS, lambda: at)


@contextlib.asynccontextmanager
async def running(saf: StoreAndForward):
    """At work; afterwards at rest and closed, as the switch does it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(saf.run)
        yield
        nursery.cancel_scope.cancel()
    saf.close()


async def settled(saf: StoreAndForward, path) -> None:
    """Wait until nothing is owed and the file says so."""
    while saf.waiting or keys_in(path):  # noqa: ASYNC110 - a file has no event
        await trio.sleep(0.01)


async def test_a_reversal_is_on_disk_before_it_is_sent_and_gone_when_answered(
    path, line, autojump_clock
):
    saf = made(path, line)
    async with running(saf):
        reversals = [reversal_of(purchase_of(stan)) for stan in (1, 2, 3)]
        for reversal in reversals:
            saf.owe(reversal)
        await line.has(3)
        assert line.asked == reversals
        assert all(line.stored_when_asked)
        assert line.stored_when_asked[0] == {reversal.key.text for reversal in reversals}
        await settled(saf, path)


@pytest.mark.parametrize("ending", [Reason.APPROVED, Reason.ORIGINAL_NOT_FOUND, Reason.DUPLICATE])
async def test_any_decision_of_the_host_ends_it(path, line, autojump_clock, ending):
    line.answer = ending
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(1)
        await settled(saf, path)
        assert len(line.asked) == 1


async def test_it_is_sent_again_while_the_host_cannot_decide(path, line, autojump_clock):
    line.answer = Reason.HOST_UNREACHABLE
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(4)
        assert trio.current_time() >= 0.5 + 1 + 2, "the pause grows"
        line.answer = Reason.APPROVED
        await settled(saf, path)


async def test_it_is_sent_again_when_no_answer_comes(path, line, autojump_clock):
    line.answer = None
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(2)
        assert trio.current_time() >= SETTINGS.host_seconds_max
        assert line.forgotten == [1]


async def test_it_waits_for_the_link(path, line, autojump_clock):
    line.is_down = True
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await trio.sleep(60)
        assert saf.waiting == 1
        line.is_down = False
        await line.has(1)
        await settled(saf, path)


async def test_it_survives_a_restart(path, line, autojump_clock):
    line.is_down = True
    first = made(path, line)
    reversal = reversal_of(purchase_of(1))
    first.owe(reversal)
    first.close()
    line.is_down = False
    second = made(path, line)
    assert second.waiting == 1
    async with running(second):
        await line.has(1)
        assert line.asked == [reversal]
        await settled(second, path)


async def test_what_is_being_undone_is_known_from_the_moment_it_is_owed_until_it_is_decided(
    path, line, autojump_clock
):
    line.is_down = True
    first = made(path, line)
    undone, other = purchase_of(1), purchase_of(2)
    assert not first.undoes(undone.key)
    first.owe(reversal_of(undone))
    assert first.undoes(undone.key)
    assert not first.undoes(other.key)
    first.close()
    line.is_down = False
    second = made(path, line)
    assert second.undoes(undone.key)
    async with running(second):
        await settled(second, path)
        assert not second.undoes(undone.key)


async def test_one_exchange_is_owed_once(path, line, autojump_clock):
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(1)
        await settled(saf, path)
        assert len(line.asked) == 1


def given_up_in(path) -> set[str]:
    with sqlite3.connect(path) as db:
        rows = {key for (key,) in db.execute("SELECT key_text FROM owed WHERE given_up_at > 0")}
    db.close()
    return rows


async def reported(saf: StoreAndForward, line: Line) -> Request:
    """Wait until the host has been told of a case, and nothing is owed any more."""
    while saf.waiting or not line.asked or line.asked[-1].kind is not Kind.CASE_REPORT:  # noqa: ASYNC110 - as above
        await trio.sleep(0.01)
    return line.asked[-1]


async def test_an_old_one_is_left_to_people_and_the_host_hears_of_it(path, line, autojump_clock):
    reversal = reversal_of(purchase_of(1))
    first = made(path, line, at=0.0)
    first.owe(reversal)
    first.close()
    second = made(path, line, at=SETTINGS.saf_days_max * DAY_SECONDS + 1)
    async with running(second):
        case = await reported(second, line)
        assert line.asked == [case], "the reversal itself is not sent any more"
        assert (case.original.key, case.amount) == (purchase_of(1).key, reversal.amount)
        assert reversal.key.text in case.detail
        assert "7.0 days" in case.detail
        assert case.key.text in line.stored_when_asked[0], "a case is on disk before it is told"
    assert given_up_in(path) == {reversal.key.text}
    assert made(path, line).waiting == 0


async def test_a_refusal_is_tried_again_and_given_up_after_so_many(path, line, autojump_clock):
    line.answer = Reason.INVALID_TERMINAL
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(SETTINGS.saf_refusals_max)
        line.answer = Reason.APPROVED
        case = await reported(saf, line)
        assert len(line.asked) == SETTINGS.saf_refusals_max + 1
        assert "refused: invalid_terminal" in case.detail
        assert f"{SETTINGS.saf_refusals_max} times sent" in case.detail


async def test_what_no_repetition_will_change_is_given_up_at_once(path, line, autojump_clock):
    line.answer = Reason.FORMAT_ERROR
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(1)
        line.answer = Reason.APPROVED
        await reported(saf, line)
        assert [asked.kind for asked in line.asked] == [Kind.REVERSAL, Kind.CASE_REPORT]


async def test_an_issuer_that_does_not_undo_what_our_host_undoes_is_a_case(
    path, line, autojump_clock
):
    """51 of our own host is a case there, and ends it; 51 of an issuer is nobody's yet."""
    far = Line(path)
    far.answer = Reason.INSUFFICIENT_FUNDS
    saf = StoreAndForward(SafFile(path), {HOST: line, "far": far}, SETTINGS, lambda: 0.0)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)), "far")
        case = await reported(saf, line)
        assert "refused: insufficient_funds" in case.detail
        assert len(far.asked) == 1


async def test_not_being_able_to_decide_is_no_refusal(path, line, autojump_clock):
    line.answer = Reason.MALFUNCTION
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(SETTINGS.saf_refusals_max + 3)
        assert {asked.kind for asked in line.asked} == {Kind.REVERSAL}


async def test_each_goes_to_its_own_destination_and_none_holds_up_another(
    path, line, autojump_clock
):
    down = Line(path)
    down.is_down = True
    saf = StoreAndForward(SafFile(path), {HOST: line, "far": down}, SETTINGS, lambda: 0.0)
    async with running(saf):
        stored: list[set[str]] = []
        far, near = reversal_of(purchase_of(1)), reversal_of(purchase_of(2))
        saf.owe(far, "far", lambda: stored.append(keys_in(path)))
        saf.owe(near)
        await line.has(2)
        assert line.asked == [far, near], "our own host undoes what an issuer is to undo"
        assert far.key.text in stored[0]
    again = StoreAndForward(SafFile(path), {HOST: line, "far": down}, SETTINGS, lambda: 0.0)
    assert again.waiting == 1
    assert not again.owes("80010001"), "our own host has heard of it"
    again.close()


async def test_what_an_issuer_and_our_host_are_owed_is_on_disk_as_one(path, line, autojump_clock):
    line.is_down = True
    saf = StoreAndForward(SafFile(path), {HOST: line, "far": line}, SETTINGS, lambda: 0.0)
    before: list[int] = []
    async with running(saf):
        saf.owe(
            reversal_of(purchase_of(1)), "far", lambda: before.append(len(SafFile(path).owed()))
        )
        await trio.sleep(1)
    assert before == [2]


ADVICE = msgspec.structs.replace(
    without_secrets(purchase_of(1)), decision=IssuerDecision("48882955", "1122FA000001")
)


@pytest.mark.parametrize("ending", [Reason.APPROVED, Reason.DUPLICATE])
async def test_an_advice_ends_when_it_is_posted_or_undone(path, line, autojump_clock, ending):
    line.answer = ending
    saf = made(path, line)
    async with running(saf):
        saf.owe(ADVICE)
        await settled(saf, path)
        assert line.asked == [ADVICE]


@pytest.mark.parametrize("owed", [reversal_of(purchase_of(1)), ADVICE], ids=["reversal", "advice"])
async def test_what_the_ledger_can_never_take_is_a_case_at_once(path, line, autojump_clock, owed):
    line.answer = Reason.NOT_POSTABLE
    saf = made(path, line, at=1.0)
    async with running(saf):
        saf.owe(owed)
        await line.has(1)
        line.answer = Reason.APPROVED
        case = await reported(saf, line)
    assert line.asked == [owed, case]
    assert "1 times sent: refused: not_postable, the host's log names the constraint" in case.detail
    assert given_up_in(path) == {owed.key.text}


@pytest.mark.parametrize(
    "refusal", [Reason.ORIGINAL_NOT_FOUND, Reason.ORIGINAL_MISMATCH, Reason.INVALID_AMOUNT]
)
async def test_an_advice_that_cannot_be_posted_is_a_case(path, line, autojump_clock, refusal):
    line.answer = refusal
    saf = made(path, line)
    async with running(saf):
        saf.owe(ADVICE)
        await line.has(1)
        line.answer = Reason.APPROVED
        case = await reported(saf, line)
    assert case.detail.startswith(f"advice of purchase {ADVICE.key.text} to the host")
    assert refusal.value in case.detail


async def test_an_advice_waits_until_the_estate_has_its_issuer(path, line, autojump_clock):
    line.answer = Reason.ISSUER_UNKNOWN
    saf = made(path, line)
    async with running(saf):
        saf.owe(ADVICE)
        await line.has(SETTINGS.saf_refusals_max + 3)
        line.answer = Reason.APPROVED
        await settled(saf, path)
        assert {asked.kind for asked in line.asked} == {Kind.PURCHASE}


async def test_what_was_put_off_is_sent_at_once_when_it_is_asked_for(path, line, autojump_clock):
    line.is_down = True
    saf = made(path, line)
    cleared: list[float] = []
    async with running(saf):
        stored = trio.Event()
        saf.owe(ADVICE, HOST, stored.set)
        await stored.wait()
        await trio.sleep(60)
        assert saf.owes("80010001")
        assert not saf.owes("80010002")
        assert not saf.hasten("80010001"), "the host cannot be reached"
        line.is_down, now = False, trio.current_time()
        saf.when_clear("80010001", lambda: cleared.append(trio.current_time()))
        assert saf.hasten("80010001")
        assert (line.asked, cleared) == ([ADVICE], [now])
        await settled(saf, path)


async def test_a_backlog_is_sent_in_turn_and_none_twice(path, line, autojump_clock):
    line.is_down = True
    saf = made(path, line)
    reversals = [reversal_of(purchase_of(stan)) for stan in range(1, 3 * SEND_MAX)]
    async with running(saf):
        for reversal in reversals:
            saf.owe(reversal)
        await trio.sleep(5)
        line.is_down = False
        await settled(saf, path)
    assert sorted(each.key.stan for each in line.asked) == [each.key.stan for each in reversals]


def test_a_file_of_the_first_release_is_taken_over(path, tmp_path):
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE reversal (key_text TEXT PRIMARY KEY, stored_at REAL NOT NULL,"
            " request BLOB NOT NULL, given_up_at REAL) STRICT"
        )
        reversal = reversal_of(purchase_of(1))
        row = (reversal.key.text, 1.0, msgspec.msgpack.encode(reversal))
        db.execute("INSERT INTO reversal (key_text, stored_at, request) VALUES (?, ?, ?)", row)
    db.close()
    file = SafFile(path)
    assert file.owed() == [(1.0, reversal, HOST)]
    file.close()


def test_a_switch_killed_when_a_reversal_is_written_owes_it_when_it_lives_again(tmp_path):
    path = tmp_path / "saf.db"
    done = _write_a_reversal(path, "from tests.faulty import arm; arm('saf_written')\n")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
    file = SafFile(path)
    assert [request.key.text for _, request, _ in file.owed()] == [
        reversal_of(purchase_of(1)).key.text
    ]
    file.close()


def test_no_variable_of_the_environment_arms_a_fault_point(tmp_path, monkeypatch):
    for name in ("POSSWITCH_FAULT_POINT", "POSSWITCH_FAULTPOINT", "FAULT_POINT"):
        monkeypatch.setenv(name, "saf_written")
    done = _write_a_reversal(tmp_path / "saf.db", "")
    assert (done.returncode, done.stdout) == (0, "still alive\n"), done.stderr


def _write_a_reversal(path, before):
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        f"{before}"
        "from pathlib import Path; from switch.memory.saf_file import SafFile\n"
        "from tests.switch.memory.test_saf import purchase_of, reversal_of, encoded\n"
        "SafFile(Path(sys.argv[1])).change([encoded(reversal_of(purchase_of(1)))], [], [])\n"
        "print('still alive')"
    )
    return subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=False
    )


def encoded(request: Request) -> tuple[str, float, bytes, str]:
    return request.key.text, 0.0, msgspec.msgpack.encode(request), HOST


async def test_a_disk_that_refuses_is_tried_again(path, line, autojump_clock):
    class FullDisk(SafFile):
        refusals = 2

        def change(self, *rows):
            if self.refusals:
                self.refusals -= 1
                raise sqlite3.OperationalError("database or disk is full")
            super().change(*rows)

    saf = StoreAndForward(FullDisk(path), {HOST: line}, SETTINGS, lambda: 0.0)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(1)
        assert line.stored_when_asked == [{reversal_of(purchase_of(1)).key.text}]


async def test_what_a_disk_does_not_take_is_owed_for_as_long_all_the_same(path, line):
    now = [0.0]
    saf = StoreAndForward(SafFile(path), {HOST: line}, SETTINGS, lambda: now[0])
    saf.owe(reversal_of(purchase_of(1)))
    now[0] = 400.0
    assert keys_in(path) == set()
    assert (saf.waiting, saf.oldest_seconds) == (1, 400.0)
    saf.close()


async def test_the_file_is_its_owners_alone_and_holds_no_card_number(path, line):
    saf = made(path, line)
    saf.owe(reversal_of(purchase_of(1)))
    saf.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_bytes()
    assert b"80010001" in text
    assert PAN.encode() not in text
    assert bytes.fromhex(PAN) not in text


async def test_a_reversal_that_names_a_card_is_stored_without_it(path, line):
    key = ExchangeKey("pos", "80010001", "000012", "000001", Family.REVERSAL)
    request = Request(
        kind=Kind.REVERSAL,
        key=key,
        merchant_id="888290054110001",
        pan=Pan(PAN),
        original=Original(key=key.of_family(Family.FINANCIAL)),
    )
    saf = made(path, line)
    saf.owe(request)
    saf.close()
    assert keys_in(path) == {key.text}
    assert PAN.encode() not in path.read_bytes()


def test_a_file_that_cannot_be_opened_says_what_to_do(tmp_path):
    with pytest.raises(SafError, match="give the switch a writable `saf` path"):
        SafFile(tmp_path / "missing" / "saf.db")


def test_a_file_that_is_something_else_says_what_to_do(tmp_path):
    path = tmp_path / "saf.db"
    path.write_text("not a database, but long enough to be taken for one by mistake " * 20)
    with pytest.raises(SafError, match="not a database"):
        SafFile(path)
