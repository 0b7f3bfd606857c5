"""An external issuer's host on real sockets: asked once, believed once, undone when in doubt."""

import time
from pathlib import Path

import pytest
import trio

from host.model.money import Money
from host.model.requests import ExchangeKey, Family, IssuerDecision, Kind, Request
from host.model.responses import Reason
from switch.issuer_settings import StandIn
from switch.memory.route_file import PendingWrite, RouteFile, done_here
from switch.memory.route_words import Noted, State
from terminals.dialects import issuer as dialect
from tests.peers.bcd import Heard
from tests.switch.conftest import (
    BATCH,
    MERCHANT,
    PATIENCE_SECONDS,
    TERMINAL,
    TRACK,
    PosTerminal,
    World,
    approval,
    mac_of,
    purchase,
    purchase_fields,
    sealed,
)
from tests.switch.fake_issuer import FakeIssuer, Fields, approved

PAN = TRACK[:16]
SILENCE_SECONDS = 0.3


class Trade:
    """A switch between a terminal, our own host and an issuer."""

    def __init__(self, world: World, nursery: trio.Nursery) -> None:
        self.world = world
        self.nursery = nursery
        self.issuer = FakeIssuer()
        self.terminal: PosTerminal
        self.stan = 900_000

    @property
    def routes(self) -> Path:
        return self.world.home / "routes.db"

    async def begin(self, *others: FakeIssuer, **changes) -> None:
        """Start the switch; `changes` are settings of the issuer."""
        for each in (self.issuer, *others):
            if not each.port:
                await self.nursery.start(each.run)
        before = len(self.issuer.managed)
        await self.world.start_switch(
            issuers=(self.issuer.settings(*others, **changes),),
            routes=str(self.routes),
            host_seconds_max=5.0,
        )
        self.terminal = await self.world.connect()
        if changes.get("sign_on", True) and self.issuer.sign_on_code == "00":
            await self.issuer.has_managed(before + 1)
            await self.until_up()

    async def again(self, **changes) -> None:
        """The switch ends and lives again."""
        await self.world.stop_switch()
        await self.begin(**changes)

    async def until_up(self) -> None:
        """Wait until an inquiry is answered by the issuer, so that a line is fit for trade."""
        code = "91"
        with trio.fail_after(PATIENCE_SECONDS):
            while code == "91":
                self.stan += 1
                code = (await self.terminal.ask(inquiry(self.stan))).fields["39"]
        self.issuer.asked.clear()

    async def silence(self) -> None:
        """The terminal hears nothing."""
        with trio.move_on_after(SILENCE_SECONDS):
            answer = await self.terminal.receive()
            raise AssertionError(answer)


@pytest.fixture
async def trade(world: World, nursery: trio.Nursery) -> Trade:
    return Trade(world, nursery)


def inquiry(stan: int) -> bytes:
    fields = purchase_fields(stan) | {"3": "310000", "60": f"01{BATCH}000500"}
    del fields["4"]
    return sealed(fields, mac_of())


def reversal(stan: int = 2, **changes: str) -> bytes:
    """Swiped: it names no card."""
    fields = purchase_fields(stan) | {"t": "0400", "39": "98"}
    del fields["35"]
    return sealed(fields | {name[1:]: text for name, text in changes.items()}, mac_of())


def void(stan: int, of: int, reference: str) -> bytes:
    fields = purchase_fields(stan) | {
        "3": "200000",
        "37": reference,
        "38": "I00001",
        "60": f"23{BATCH}000500",
        "61": f"{BATCH}{of:06d}",
    }
    return sealed(fields, mac_of())


def refund(stan: int, reference: str) -> bytes:
    fields = purchase_fields(stan) | {
        "t": "0220",
        "3": "200000",
        "37": reference,
        "60": f"25{BATCH}000500",
        "61": "0000000000001122",
        "63": "303030",
    }
    return sealed(fields, mac_of())


def held(_asked: Fields) -> None:
    """No answer."""


def code_of(message: Heard) -> str:
    return message.fields["39"]


async def test_a_card_of_an_issuer_is_asked_there_in_the_switchs_own_name(trade: Trade):
    await trade.begin(issuer_id="12345678")
    answer = await trade.terminal.ask(purchase(7))
    [asked] = trade.issuer.asked
    assert trade.issuer.managed[0]["70"] == dialect.SIGN_ON
    assert (asked["t"], asked["2"], asked["3"], asked["4"]) == (
        "0200",
        PAN,
        "000000",
        "000000012345",
    )
    assert (asked["32"], asked["41"], asked["42"]) == ("48882900", TERMINAL, MERCHANT)
    assert asked["11"] != "000007", "the terminal's trace is the terminal's own"
    assert code_of(answer) == "00"
    assert (answer.fields["37"], answer.fields["38"]) == (asked["37"], "I00001")
    assert answer.fields["44"].startswith("12345678")
    [told] = trade.world.host.requests
    assert (told.kind, told.pan, told.pin) == (Kind.PURCHASE, None, None)
    assert told.decision == IssuerDecision(
        issuer_id="12345678", rrn=asked["37"], auth_code="I00001", card="998800******0015"
    )


async def test_other_cards_and_other_kinds_are_our_own_hosts(trade: Trade):
    await trade.begin()
    other = purchase_fields() | {"35": TRACK.replace("998800", "998801", 1)}
    await trade.terminal.ask(sealed(other, mac_of()))
    points = purchase_fields(3) | {"25": "65", "60": f"22{BATCH}00050048"}
    await trade.terminal.ask(sealed(points, mac_of()))
    assert len(trade.world.host.requests) == 2
    assert trade.issuer.asked == []


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_swiped_reversal_follows_its_original_even_after_a_restart(
    trade: Trade, is_restarted: bool
):
    await trade.begin()
    await trade.terminal.ask(purchase())
    [sale] = trade.issuer.asked
    if is_restarted:
        await trade.again()
        before = 0
    else:
        before = 1
    assert code_of(await trade.terminal.ask(reversal())) == "00"
    await trade.issuer.has(before + 1)
    undone = trade.issuer.asked[before]
    assert (undone["t"], undone["3"], undone["4"]) == ("0420", "000000", sale["4"])
    assert undone["90"] == f"0200{sale['11']}{sale['7']}{sale['32']:>011}{0:011d}"
    assert (undone["37"], undone["41"]) == (sale["37"], TERMINAL)
    assert undone["11"] != sale["11"]
    assert code_of(await trade.terminal.ask(reversal())) == "00", "again, the same"
    advice, *undoing = trade.world.host.requests
    assert advice.decision is not None
    assert {each.kind for each in undoing} == {Kind.REVERSAL}
    assert {each.original.key for each in undoing} == {advice.key}, "our own host undoes it too"


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_repeat_gets_the_first_answer_and_asks_nobody(trade: Trade, is_restarted: bool):
    await trade.begin()
    first = await trade.terminal.ask(purchase())
    if is_restarted:
        await trade.again()
    trade.issuer.asked.clear()
    again = await trade.terminal.ask(purchase())
    assert again.body == first.body
    assert trade.issuer.asked == []


@pytest.mark.parametrize("is_other_line", [False, True])
async def test_a_repeat_of_what_is_under_way_hears_the_same_answer(
    trade: Trade, is_other_line: bool
):
    await trade.begin()
    trade.issuer.decide = held
    await trade.terminal.send(purchase())
    await trade.issuer.has(1)
    repeating = await trade.world.connect() if is_other_line else trade.terminal
    await repeating.send(purchase())
    await trade.silence()
    await trade.issuer.send(approved(trade.issuer.asked[0]))
    first, second = await trade.terminal.receive(), await repeating.receive()
    assert first is not None
    assert second is not None
    assert code_of(first) == "00"
    assert first.body == second.body
    assert len(trade.issuer.asked) == 1


async def test_another_message_under_the_key_of_one_under_way_is_94(trade: Trade):
    await trade.begin()
    trade.issuer.decide = held
    await trade.terminal.send(purchase())
    await trade.issuer.has(1)
    other = sealed(purchase_fields() | {"4": "000000099999"}, mac_of())
    assert code_of(await trade.terminal.ask(other)) == "94"
    await trade.issuer.send(approved(trade.issuer.asked[0]))
    told = await trade.terminal.receive()
    assert told is not None
    assert code_of(told) == "00"


async def test_a_decline_stays_a_decline(trade: Trade):
    await trade.begin()
    trade.issuer.decide = lambda asked: approved(asked, f39="51", f38="")
    assert code_of(await trade.terminal.ask(purchase())) == "51"
    trade.issuer.decide = approved
    assert code_of(await trade.terminal.ask(purchase())) == "51"
    assert len(trade.issuer.asked) == 1


@pytest.mark.parametrize("change", [{"4": "000000099999"}, {"35": TRACK.replace("0015D", "0023D")}])
async def test_one_trace_for_another_amount_or_card_is_94(trade: Trade, change: dict[str, str]):
    await trade.begin()
    await trade.terminal.ask(purchase())
    other = sealed(purchase_fields() | change, mac_of())
    assert code_of(await trade.terminal.ask(other)) == "94"
    assert len(trade.issuer.asked) == 1


async def test_no_answer_in_time_is_silence_and_one_reversal_and_the_late_answer_is_dropped(
    trade: Trade,
):
    await trade.begin(seconds_max=0.2)
    trade.issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    await trade.terminal.send(purchase())
    await trade.issuer.has(2)
    sale, undone = trade.issuer.asked
    assert (undone["t"], undone["90"][4:10]) == ("0420", sale["11"])
    await trade.issuer.send(approved(sale))
    await trade.silence()
    assert code_of(await trade.terminal.ask(purchase())) == "94", "it was undone"
    assert len(trade.issuer.asked) == 2


async def test_what_was_on_a_lost_line_is_undone_and_its_answer_on_the_next_is_dropped(
    trade: Trade,
):
    await trade.begin()
    trade.issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    await trade.terminal.send(purchase())
    await trade.issuer.has(1)
    await trade.issuer.hang_up()
    await trade.issuer.has(2)
    assert trade.issuer.asked[1]["t"] == "0420"
    await trade.issuer.send(approved(trade.issuer.asked[0]))
    await trade.silence()
    trade.issuer.decide = approved
    answer = await trade.terminal.ask(purchase(3))
    assert (answer.stan, code_of(answer)) == ("000003", "00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"f39": "10", "f4": "000000000001"},
        {"f4": "000000000001"},
        {"f39": ""},
        {"f39": "68"},
    ],
)
async def test_an_answer_that_is_not_to_be_believed_is_undone(trade: Trade, wrong: dict[str, str]):
    await trade.begin()
    trade.issuer.decide = lambda asked: (
        approved(asked, **wrong) if asked["t"] == "0200" else approved(asked)
    )
    await trade.terminal.send(purchase())
    await trade.issuer.has(2)
    assert trade.issuer.asked[1]["t"] == "0420"
    await trade.silence()


async def test_a_management_message_that_neither_asks_nor_answers_is_passed_over(trade: Trade):
    await trade.begin()
    await trade.issuer.send({"t": "0890", "11": "000001", "70": "301"})
    assert code_of(await trade.terminal.ask(purchase())) == "00"


async def test_an_issuer_that_cannot_be_reached_is_91_at_once(trade: Trade):
    trade.issuer.port = 1
    await trade.begin(sign_on=False)
    assert code_of(await trade.terminal.ask(purchase())) == "91"
    assert trade.world.host.requests == []


async def test_whoever_stands_in_may_decline_in_other_words(trade: Trade):
    trade.issuer.port = 1
    row = StandIn(kinds=(Kind.PURCHASE,), reason=Reason.CUT_OFF_IN_PROGRESS)
    await trade.begin(sign_on=False, stand_in=(row,))
    assert code_of(await trade.terminal.ask(purchase())) == "90"
    assert code_of(await trade.terminal.ask(inquiry(3))) == "91"


async def test_a_sign_on_that_is_refused_leaves_the_line_out_of_trade(trade: Trade):
    trade.issuer.sign_on_code = "05"
    await trade.begin()
    await trade.issuer.has_managed(2)
    assert code_of(await trade.terminal.ask(purchase())) == "91"
    trade.issuer.sign_on_code = "00"
    await trade.until_up()


async def test_an_issuer_that_does_not_answer_is_left_in_peace_and_tried_again(trade: Trade):
    await trade.begin(seconds_max=0.1, breaker_time_outs=2, breaker_seconds=1.0)
    trade.issuer.decide = held
    for stan in (11, 12):
        await trade.terminal.send(inquiry(stan))
        await trade.issuer.has(stan - 10)
        await trade.silence()
    assert code_of(await trade.terminal.ask(inquiry(13))) == "91"
    assert len(trade.issuer.asked) == 2, "nobody asked"
    trade.issuer.decide = approved
    await trade.until_up()
    assert code_of(await trade.terminal.ask(purchase())) == "00"


async def test_another_line_takes_over(trade: Trade):
    second = FakeIssuer()
    await trade.begin(second)
    await second.has_managed(1)
    for stan in range(2, 6):
        assert code_of(await trade.terminal.ask(purchase(stan))) == "00"
    assert trade.issuer.asked, "both lines are used"
    assert second.asked
    trade.issuer.is_deaf = True
    trade.issuer.sign_on_code = "05"
    await trade.issuer.hang_up()
    asked = len(second.asked)
    for stan in range(6, 10):
        assert code_of(await trade.terminal.ask(purchase(stan))) == "00"
    assert len(second.asked) == asked + 4


async def test_a_line_that_is_half_open_is_closed_and_made_again(trade: Trade):
    await trade.begin(echo_seconds=0.2, echo_answer_seconds_max=0.2)
    trade.issuer.is_deaf = True
    made = len(trade.issuer.connections)
    await trade.issuer.has_connections(made + 1)
    assert dialect.ECHO in {managed["70"] for managed in trade.issuer.managed}
    trade.issuer.is_deaf = False
    await trade.until_up()


async def test_the_issuers_own_echo_is_answered(trade: Trade):
    await trade.begin()
    before = len(trade.issuer.managed)
    await trade.issuer.send({"t": "0800", "7": "1122093102", "11": "000777", "70": "301"})
    await trade.issuer.has_managed(before + 1)
    told = trade.issuer.managed[-1]
    assert (told["t"], told["11"], told["39"], told["70"]) == ("0810", "000777", "00", "301")


async def test_a_reversal_before_its_original_stops_the_original(trade: Trade):
    await trade.begin()
    trade.world.host.decide = lambda _: approval(reason=Reason.ORIGINAL_NOT_FOUND, auth_code=None)
    assert code_of(await trade.terminal.ask(reversal())) == "25"
    code = "09"  # as long as the tombstone is on its way to the disk
    while code == "09":
        code = code_of(await trade.terminal.ask(purchase()))
    assert code == "94"
    assert trade.issuer.asked == []


async def test_a_reversal_of_another_amount_undoes_nothing(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(purchase())
    assert code_of(await trade.terminal.ask(reversal(f4="000000000001"))) == "25"
    assert code_of(await trade.terminal.ask(purchase())) == "00"
    assert len(trade.issuer.asked) == 1


async def test_a_reversal_waits_for_its_original_and_the_approval_is_never_told(trade: Trade):
    await trade.begin()
    trade.issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    await trade.terminal.send(purchase())
    await trade.issuer.has(1)
    assert code_of(await trade.terminal.ask(reversal())) == "00"
    assert len(trade.issuer.asked) == 1, "it does not overtake"
    await trade.issuer.send(approved(trade.issuer.asked[0]))
    await trade.issuer.has(2)
    assert trade.issuer.asked[1]["t"] == "0420"
    await trade.silence()


async def test_a_void_names_its_original_as_the_issuer_knows_it(trade: Trade):
    await trade.begin()
    sold = await trade.terminal.ask(purchase())
    assert code_of(await trade.terminal.ask(void(3, 2, sold.fields["37"]))) == "00"
    sale, voided = trade.issuer.asked
    assert (voided["t"], voided["3"]) == ("0200", "200000")
    assert (voided["90"][:10], voided["38"]) == (f"0200{sale['11']}", "I00001")


async def test_a_refund_in_doubt_is_repeated_under_its_own_trace(trade: Trade):
    await trade.begin(seconds_max=0.2)
    trade.issuer.decide = held
    await trade.terminal.send(refund(5, "112200000007"))
    await trade.issuer.has(1)
    await trade.silence()
    trade.issuer.decide = approved
    assert code_of(await trade.terminal.ask(refund(5, "112200000007"))) == "00"
    first, again = trade.issuer.asked
    assert (first["t"], again["t"]) == ("0220", "0221")
    assert {name: first[name] for name in ("4", "7", "11", "37")} == {
        name: again[name] for name in ("4", "7", "11", "37")
    }


async def test_a_pin_the_issuer_cannot_check_is_not_passed_over(trade: Trade):
    await trade.begin()
    pin = {"22": "021", "26": "12", "52": "71F9B13D35BD37AF", "53": "2600000000000000"}
    assert code_of(await trade.terminal.ask(sealed(purchase_fields() | pin, mac_of()))) == "40"
    assert trade.issuer.asked == []


async def test_another_merchants_number_is_refused_here(trade: Trade):
    await trade.begin()
    other = purchase_fields() | {"42": "888290054110999"}
    assert code_of(await trade.terminal.ask(sealed(other, mac_of()))) == "03"
    assert trade.issuer.asked == []


async def test_what_a_killed_switch_had_in_flight_is_undone_when_it_lives_again(trade: Trade):
    await trade.nursery.start(trade.issuer.run)
    request = Request(
        kind=Kind.PURCHASE,
        key=ExchangeKey("pos", TERMINAL, BATCH, "000002", Family.FINANCIAL),
        merchant_id=MERCHANT,
        amount=Money(12345, "CNY"),
    )
    noted = note_in(trade.routes, request)
    await trade.begin(sign_on=False)
    await trade.issuer.has(1)
    undone = next(asked for asked in trade.issuer.asked if asked["t"] == "0420")
    assert undone["90"][:10] == f"0200{noted.trace:06d}"


def note_in(path: Path, request: Request) -> Noted:
    """As a switch of this name would have, just before it was killed."""
    file = RouteFile(path, "saf.db")
    change = PendingWrite(
        write=RouteFile.note,
        key_text=request.key.text,
        route="far",
        noted_at=time.time(),
        request=request,
        done=lambda _noted: None,
    )
    done_here(file.writing([change]))
    file.close()
    assert change.result is not None
    return change.result


async def test_the_files_hold_no_card_number(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(purchase())
    await trade.terminal.ask(reversal())
    await trade.world.stop_switch()
    for path in trade.world.home.iterdir():
        if path.is_file():
            data = path.read_bytes()
            assert PAN.encode() not in data
            assert bytes.fromhex(PAN) not in data
    file = RouteFile(trade.routes, "looker")
    noted = file.find(ExchangeKey("pos", TERMINAL, BATCH, "000002", Family.FINANCIAL).text)
    file.close()
    assert (noted.card, noted.state) == ("998800******0015", State.UNDONE)
