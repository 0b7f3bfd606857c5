"""What the desk decides when the host is late, gone, or wrong; time is a mock clock's."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import pytest
import structlog.testing
import trio

from host.model.requests import KINDS, ExchangeKey, Family, Kind, Request
from host.model.responses import Reason
from switch.dispatch import UNDO_SECONDS_MAX
from switch.exchange import Origin
from switch.front import Front
from switch.memory.route_words import HOST
from switch.metrics import Metrics
from switch.settings import SwitchSettings
from switch.standing import Standing
from switch.strategy import STRATEGIES
from switch.undoing import reversal_of, without_card
from terminals.dialects.pos import POS
from tests.peers.bcd import hear
from tests.switch.conftest import (
    BATCH,
    MERCHANT,
    TERMINAL,
    TRACK,
    approval,
    mac_of,
    profile_of,
    purchase,
    purchase_fields,
    sealed,
)

SETTINGS = SwitchSettings(host_seconds_max=30.0, find_seconds_max=5.0, refetch_seconds_min=5.0)


class Line:
    """A host link that remembers."""

    def __init__(self) -> None:
        self.is_down = False
        self.asked: dict[int, tuple[Request, object]] = {}
        self.finders: list = []
        self.forgotten: list[int] = []
        self.profile = profile_of()
        self.finds_at_once = True

    def ask(self, request, waiter):
        if self.is_down:
            return None
        ticket = len(self.asked) + 1
        self.asked[ticket] = (request, waiter)
        return ticket

    def forget(self, ticket):
        self.forgotten.append(ticket)

    def find(self, _terminal_id, finder):
        if self.is_down:
            return False
        self.finders.append(finder)
        return True


class Paper:
    """A connection that remembers."""

    def __init__(self) -> None:
        self.answers: list = []
        self.host = "10.0.0.1"
        self.standing = Standing()
        self.peer = "10.0.0.1:40000"
        self.silences = 0
        self.is_gone = False

    def send(self, payload):
        if self.is_gone:
            return False
        self.answers.append(hear(payload))
        return True

    def stay_silent(self):
        self.silences += 1

    @property
    def codes(self):
        return [answer.fields["39"] for answer in self.answers]


class Ledger:
    """Reversals owed."""

    def __init__(self) -> None:
        self.owed: list[Request] = []
        self.stored: list = []

    def owe(self, request, route, stored=None):
        assert route == HOST
        self.owed.append(request)
        if stored is not None:
            self.stored.append(stored)

    def undoes(self, key):
        return key.of_family(Family.REVERSAL) in {each.key for each in self.owed}


class Bench:
    """A desk with everything around it remembered."""

    def __init__(self) -> None:
        self.line, self.paper, self.ledger, self.metrics = Line(), Paper(), Ledger(), Metrics()
        self.front = Front(self.line, self.ledger, self.metrics, SETTINGS)
        self.endings = STRATEGIES["silent"]

    def take(self, payload: bytes, dialect=POS) -> None:
        self.front.take(Origin(dialect, "pos", self.endings), self.paper, [payload])

    def take_known(self, payload: bytes) -> None:
        """As `take`, the terminal's profile being told at once."""
        self.take(payload)
        while self.line.finders:
            self.line.finders.pop().found(self.line.profile)

    def counted(self, name: str, **labels: str) -> float:
        full = f"posswitch_switch_{name}_total"
        return self.metrics.registry.get_sample_value(full, labels) or 0.0


@pytest.fixture
async def bench(mock_clock) -> Bench:
    return Bench()


def trade(kind: Kind) -> bytes:
    """A sealed message that the dialect reads as this kind."""
    fields = purchase_fields()
    reference = {"37": "112200000001", "61": f"{BATCH}0000010000"}
    changes = {
        Kind.PURCHASE: {},
        Kind.BALANCE_INQUIRY: {"3": "310000", "60": f"01{BATCH}000500"},
        Kind.CASH_LOAD: {"3": "630000", "60": f"48{BATCH}000500"},
        Kind.CASH_LOAD_CONFIRM: {"t": "0220", "3": "630000", "60": f"48{BATCH}000500"},
        Kind.POINTS_REDEMPTION: {"25": "65", "60": f"22{BATCH}00050048"},
        Kind.VOID: {"3": "200000", "60": f"23{BATCH}000500", **reference},
        Kind.REFUND: {"t": "0220", "3": "200000", "60": f"25{BATCH}000500", **reference},
        Kind.REVERSAL: {"t": "0400", "39": "98"},
    }[kind]
    return sealed(fields | changes, mac_of())


TRADES = [
    Kind.PURCHASE,
    Kind.BALANCE_INQUIRY,
    Kind.CASH_LOAD,
    Kind.CASH_LOAD_CONFIRM,
    Kind.POINTS_REDEMPTION,
    Kind.VOID,
    Kind.REFUND,
    Kind.REVERSAL,
]


ENDED_BY_HOST = [kind for kind in TRADES if KINDS[kind].only_host_may_end]


def undoing(request: Request) -> list[Request]:
    """What the switch then owes the host."""
    if request.kind is Kind.REVERSAL:
        return [without_card(request)]
    return [reversal_of(request)] if KINDS[request.kind].undone_by_switch else []


@pytest.mark.parametrize("kind", ENDED_BY_HOST)
async def test_what_only_the_host_may_end_is_silence_while_the_host_is_away(bench, kind):
    bench.take_known(purchase(1))
    bench.line.is_down = True
    bench.take_known(trade(kind))
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    assert [owed.kind for owed in bench.ledger.owed] == (
        [Kind.REVERSAL] if kind is Kind.REVERSAL else []
    )


@pytest.mark.parametrize("kind", ENDED_BY_HOST)
async def test_what_only_the_host_may_end_is_silence_when_the_host_has_not_decided(bench, kind):
    bench.take_known(trade(kind))
    bench.line.asked[1][1].answered(approval(reason=Reason.HOST_UNREACHABLE))
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    assert bench.ledger.owed == undoing(bench.line.asked[1][0])


@pytest.mark.parametrize("kind", TRADES)
async def test_what_the_ledger_can_never_take_is_a_case_and_its_terminal_hears_nothing_new(
    bench, kind
):
    """A reversal by way of store-and-forward, which makes it one; what may be answered is 96."""
    bench.take_known(trade(kind))
    bench.line.asked[1][1].answered(approval(reason=Reason.NOT_POSTABLE))
    is_silent = kind in ENDED_BY_HOST
    assert (bench.paper.codes, bench.paper.silences) == (([], 1) if is_silent else (["96"], 0))
    owed = Kind.REVERSAL if kind is Kind.REVERSAL else Kind.CASE_REPORT
    assert [one.kind for one in bench.ledger.owed] == ([owed] if is_silent else [])


@pytest.mark.parametrize("kind", ENDED_BY_HOST)
async def test_what_only_the_host_may_end_is_silence_while_its_terminal_is_unknown(
    bench, mock_clock, kind
):
    bench.take(trade(kind))
    mock_clock.jump(SETTINGS.find_seconds_max)
    bench.front.sweep(trio.current_time())
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)


@pytest.mark.parametrize("kind", TRADES)
async def test_what_is_not_answered_in_time_is_silence_and_undone_by_its_row(
    bench, mock_clock, kind
):
    bench.take_known(trade(kind))
    request, _ = bench.line.asked[1]
    assert request.kind is kind
    mock_clock.jump(SETTINGS.host_seconds_max - 1)
    bench.front.sweep(trio.current_time())
    assert bench.paper.silences == 0
    mock_clock.jump(1)
    bench.front.sweep(trio.current_time())
    assert (bench.paper.silences, bench.paper.answers) == (1, [])
    assert bench.line.forgotten == [1]
    assert bench.ledger.owed == undoing(request)
    assert bench.counted("silent", channel="pos", why="no answer in time") == 1


TOLD_AT_ONCE = {Kind.BALANCE_INQUIRY, Kind.CASH_LOAD}
TOLD_WHEN_UNDONE = {Kind.PURCHASE, Kind.POINTS_REDEMPTION, Kind.VOID}


@pytest.mark.parametrize("kind", TRADES)
async def test_98_is_said_only_when_our_reversal_is_on_disk(bench, mock_clock, kind):
    bench.endings = STRATEGIES["timeout_98"]
    bench.take_known(trade(kind))
    mock_clock.jump(SETTINGS.host_seconds_max)
    bench.front.sweep(trio.current_time())
    assert bench.paper.codes == (["98"] if kind in TOLD_AT_ONCE else [])
    assert len(bench.ledger.stored) == (kind in TOLD_WHEN_UNDONE)
    for stored in bench.ledger.stored:
        stored()
    told = kind in TOLD_AT_ONCE | TOLD_WHEN_UNDONE
    assert bench.paper.codes == (["98"] if told else [])
    assert bench.paper.silences == (not told)
    request, _ = bench.line.asked[1]
    assert bench.ledger.owed == undoing(request)


async def test_a_reversal_that_does_not_reach_the_disk_in_time_is_silence(bench, mock_clock):
    bench.endings = STRATEGIES["timeout_98"]
    bench.take_known(purchase())
    bench.line.asked[1][1].in_doubt()
    mock_clock.jump(UNDO_SECONDS_MAX)
    bench.front.sweep(trio.current_time())
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    bench.ledger.stored[0]()
    assert bench.paper.codes == [], "the terminal has begun to reverse by itself"


async def test_an_approval_nobody_takes_is_counted_as_unacknowledged(bench):
    bench.take_known(purchase())
    bench.paper.is_gone = True
    bench.line.asked[1][1].answered(approval())
    assert bench.counted("unacknowledged", channel="pos") == 1
    assert bench.ledger.owed == [], "the terminal reverses what it was not told"


async def test_a_late_answer_is_counted_and_never_told(bench):
    bench.front.late(approval())
    assert bench.counted("late_answers", reason="approved") == 1
    assert bench.paper.answers == []


async def test_only_the_late_are_given_up(bench, mock_clock):
    bench.take_known(purchase(1))
    mock_clock.jump(20)
    bench.take_known(purchase(2))
    mock_clock.jump(15)
    bench.front.sweep(trio.current_time())
    assert bench.line.forgotten == [1]
    bench.line.asked[2][1].answered(approval())
    assert bench.paper.codes == ["00"]


async def test_a_link_lost_before_sending_is_91(bench):
    bench.take_known(purchase())
    bench.line.asked[1][1].unsent()
    assert bench.paper.codes == ["91"]
    assert bench.paper.answers[0].is_sealed_by(mac_of())
    assert bench.ledger.owed == []


async def test_a_link_lost_after_sending_is_silence(bench):
    bench.take_known(purchase())
    bench.line.asked[1][1].in_doubt()
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    assert [owed.kind for owed in bench.ledger.owed] == [Kind.REVERSAL]


async def test_an_approval_that_a_repeat_gets_is_not_told_while_our_reversal_is_on_its_way(bench):
    bench.take_known(purchase(1))
    bench.line.asked[1][1].in_doubt()
    bench.take_known(purchase(1))
    bench.line.asked[2][1].answered(approval())
    assert (bench.paper.codes, bench.paper.silences) == ([], 2)
    assert bench.counted("silent", channel="pos", why="being undone") == 1
    bench.ledger.owed.clear()
    bench.take_known(purchase(1))
    bench.line.asked[3][1].answered(approval())
    assert bench.paper.codes == ["00"], "our reversal was refused, so the first answer stands"


async def test_a_terminals_own_reversal_is_told_while_ours_is_on_its_way(bench):
    bench.take_known(purchase(1))
    bench.line.asked[1][1].in_doubt()
    bench.take_known(trade(Kind.REVERSAL))
    bench.line.asked[2][1].answered(approval())
    assert bench.paper.codes == ["00"]


async def test_a_terminal_the_host_does_not_tell_of_in_time_is_told_91(bench, mock_clock):
    bench.take(purchase())
    mock_clock.jump(SETTINGS.find_seconds_max)
    bench.front.sweep(trio.current_time())
    assert bench.paper.codes == ["91"]
    bench.line.finders[0].found(profile_of())
    assert len(bench.paper.answers) == 1


async def test_a_link_lost_while_asking_for_a_terminal_is_91(bench):
    bench.take(purchase())
    bench.line.finders[0].lost()
    assert bench.paper.codes == ["91"]


async def test_messages_that_wait_for_the_same_terminal_are_bounded(bench):
    for stan in range(1, 67):
        bench.take(purchase(stan))
    assert bench.paper.codes == ["09", "09"]
    assert len(bench.line.finders) == 1
    bench.line.finders[0].found(profile_of())
    assert [request.key.stan for request, _ in bench.line.asked.values()] == [
        f"{stan:06d}" for stan in range(1, 65)
    ]


async def test_a_stranger_is_asked_for_again_only_after_a_while(bench, mock_clock):
    bench.line.profile = None
    bench.take_known(purchase(1))
    bench.take(purchase(2))
    assert (bench.paper.codes, bench.line.finders) == (["97", "97"], [])
    mock_clock.jump(SETTINGS.refetch_seconds_min)
    bench.take(purchase(3))
    assert len(bench.line.finders) == 1


async def test_a_wrong_mac_asks_for_new_keys_once_in_a_while(bench, mock_clock):
    bench.take_known(purchase(1))
    bench.take(purchase(2, generation=2))
    assert (bench.paper.codes, bench.line.finders) == (["A0"], [])
    mock_clock.jump(SETTINGS.refetch_seconds_min)
    bench.line.profile = profile_of(generations=(2, 1))
    bench.take_known(purchase(3, generation=2))
    assert bench.line.asked[2][0].key_generation == 2
    assert bench.counted("mac_failures", channel="pos") == 1


async def test_keys_told_before_a_sign_on_was_answered_are_not_taken_for_the_new(bench):
    bench.take_known(purchase(1))
    fields = {"t": "0800", "11": "000002", "41": TERMINAL, "42": MERCHANT, "60": f"00{BATCH}003"}
    bench.take(sealed(fields, None))
    bench.line.asked[2][1].answered(approval(key_block=bytes(40)))
    assert bench.paper.codes == ["00"]
    bench.take(purchase(3, generation=2))
    bench.line.finders[0].found(profile_of(generations=(2, 1)))
    assert bench.line.asked[3][0].key_generation == 2


async def test_a_bug_in_the_dialect_is_96_for_one_message_and_no_harm_to_the_next(bench):
    class Broken:
        institution = "pos"
        read = staticmethod(POS.read)
        answer = staticmethod(POS.answer)

        @staticmethod
        def must_be_sealed(_message):
            raise KeyError("a bug")

    bench.take_known(purchase(1))
    bench.take(purchase(2), dialect=Broken())
    bench.take(purchase(3))
    assert bench.paper.codes == ["96"]
    assert len(bench.line.asked) == 2


async def test_an_answer_that_cannot_be_spelled_is_silence(bench):
    bench.take_known(purchase())
    bench.line.asked[1][1].answered(approval(rrn="far too long for twelve characters"))
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)


async def test_every_answer_is_counted_by_what_it_was(bench):
    bench.take_known(purchase(1))
    bench.line.asked[1][1].answered(approval(reason=Reason.INSUFFICIENT_FUNDS, auth_code=None))
    labels = {"channel": "pos", "kind": "purchase", "reason": "insufficient_funds", "code": "51"}
    assert bench.counted("messages", **labels) == 1


async def test_log_lines_hold_no_card_number_track_or_pin_block(bench):
    pin_block = "71F9B13D35BD37AF"
    fields = purchase_fields() | {"22": "021", "26": "12", "52": pin_block}
    fields["53"] = "2600000000000000"
    good = sealed(fields, mac_of())
    with structlog.testing.capture_logs() as lines:
        bench.take_known(good)
        bench.line.asked[1][1].answered(approval())
        bench.take(good[:-1] + b"!")
        bench.take(good[:-3])
        bench.take(good[:20])
        bench.take_known(good)
        bench.line.asked[2][1].in_doubt()
    text = repr(lines)
    assert "998800******0015" in text
    for secret in ("9988000000000015", TRACK, pin_block, good.hex()[40:80]):
        assert secret.lower() not in text.lower()


def test_a_reversal_has_the_key_of_the_terminals_own_and_no_card():
    key = ExchangeKey("pos", TERMINAL, BATCH, "000002", Family.FINANCIAL)
    reversal = reversal_of(Request(kind=Kind.VOID, key=key, merchant_id=MERCHANT))
    assert reversal.key == key.of_family(Family.REVERSAL)
    assert (reversal.original.key, reversal.original.kind) == (key, Kind.VOID)
    assert reversal.pan is None
