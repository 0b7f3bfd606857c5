"""Who may say what where: terminals, dialects, certificates and networks are bound together.

And what closes a batch without a code counts as the terminal's only where it has just proved a key
on the same connection, by something new.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import msgspec
import pytest
from trio.testing import MockClock

from host.model.requests import ExchangeKey, Family, Kind, Request
from host.model.terminal import TerminalFamily
from switch.channels import ChannelSettings, TlsSettings
from switch.standing import PROVED_MAX, PROVED_SECONDS, Proofs, Standing, StandingRule
from terminals.dialects.pos import POS
from tests.switch.conftest import BATCH, MERCHANT, TERMINAL, approval, profile_of, purchase, sealed
from tests.switch.test_front import Bench, trade
from tests.switch.test_unreadable import MAC, asked_of, till_profile
from tests.terminals.dialects import test_mis as mis

SETTLEMENT = {
    "t": "0500",
    "11": "000009",
    "41": TERMINAL,
    "42": MERCHANT,
    "48": "0" * 62,
    "49": "156",
    "60": f"00{BATCH}201",
    "63": "01 ",
}
UPLOAD_END = {
    "t": "0320",
    "11": "000010",
    "41": TERMINAL,
    "42": MERCHANT,
    "48": "0000",
    "60": f"00{BATCH}202",
}


class Line(Bench):
    """A desk, and one connection to it that proves or does not."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing()

    def take(self, payload: bytes, dialect: object = POS) -> None:
        self.paper.standing = self.standing
        super().take(payload, dialect)

    def last(self) -> Request:
        request, _waiter = self.line.asked[len(self.line.asked)]
        return request

    def answer_last(self, **changes: str) -> None:
        _request, waiter = self.line.asked[len(self.line.asked)]
        waiter.answered(approval(**changes))  # type: ignore[attr-defined]


@pytest.fixture
async def line(mock_clock: MockClock) -> Line:
    return Line()


def says_proved(line: Line, fields: dict[str, str]) -> bool:
    line.take_known(sealed(fields, None))
    assert line.last().kind in {Kind.SETTLEMENT, Kind.UPLOAD_END}
    return line.last().is_proved


@pytest.mark.parametrize("fields", [SETTLEMENT, UPLOAD_END], ids=["0500", "0320"])
async def test_a_stranger_proves_nothing_by_closing_a_batch(
    fields: dict[str, str], line: Line
) -> None:
    assert not says_proved(line, fields)


async def test_who_has_just_traded_here_closes_its_batch(line: Line, mock_clock: MockClock) -> None:
    line.take_known(purchase(2))
    assert not says_proved(line, SETTLEMENT), "its sale is not answered yet"
    line.line.asked[1][1].answered(approval())  # type: ignore[attr-defined]
    assert says_proved(line, SETTLEMENT)
    assert says_proved(line, UPLOAD_END)
    mock_clock.jump(PROVED_SECONDS + 1)
    assert not says_proved(line, SETTLEMENT)


async def test_a_message_played_again_on_another_connection_proves_nothing(line: Line) -> None:
    overheard = purchase(2)
    line.take_known(overheard)
    line.answer_last()
    line.standing = Standing()
    line.take_known(overheard)
    line.answer_last()
    assert not says_proved(line, SETTLEMENT)


async def test_an_old_answer_of_the_host_proves_nothing(line: Line) -> None:
    line.take_known(purchase(2))
    line.answer_last(local_time="20261123093102")
    line.standing = Standing()
    line.take_known(purchase(3))
    line.answer_last(local_time="20261122093102")
    assert not says_proved(line, SETTLEMENT)


async def test_another_terminal_behind_the_same_gateway_vouches_for_itself(line: Line) -> None:
    line.take_known(purchase(2))
    line.answer_last()
    other = SETTLEMENT | {"41": "80020001"}
    line.line.profile = profile_of("80020001")
    assert not says_proved(line, other)


async def test_a_settlement_that_carries_its_code_is_proved_by_it(line: Line) -> None:
    line.line.profile = till_profile(TERMINAL)
    line.take_known(POS.compose(b"\x60\x00\x03\x00\x00", bytes(6), dict(SETTLEMENT), MAC))
    assert line.last().is_proved
    wrong = POS.compose(b"\x60\x00\x03\x00\x00", bytes(6), dict(SETTLEMENT), MAC)[:-1] + b"!"
    line.take_known(wrong)
    assert not line.last().is_proved


async def test_of_what_nobody_vouches_for_only_so_much_is_heard(
    line: Line, mock_clock: MockClock
) -> None:
    for _ in range(800):
        line.take_known(sealed(UPLOAD_END, None))
    assert len(line.line.asked) < 200
    assert line.counted("silent", channel="pos", why="unproved too often") > 600
    mock_clock.jump(1.0)
    before = len(line.line.asked)
    line.take_known(sealed(UPLOAD_END, None))
    assert len(line.line.asked) == before + 1


def test_memory_of_proofs_is_bounded() -> None:
    standing = Standing()
    for number in range(PROVED_MAX + 1):
        standing.prove(f"{number:08d}", 0.0)
    assert not standing.has_proved("00000000", 0.0)
    assert standing.has_proved("00000001", 0.0)


def test_a_trace_proves_once_and_the_next_batch_begins_anew() -> None:
    proofs, now = Proofs(), "20261122093102"

    def key(batch: str, trace: str) -> ExchangeKey:
        return ExchangeKey("pos", TERMINAL, batch, trace, Family.FINANCIAL)

    assert proofs.is_new(key("000012", "000005"), now)
    assert not proofs.is_new(key("000012", "000005"), now)
    assert not proofs.is_new(key("000012", "000004"), now)
    assert proofs.is_new(key("000013", "000001"), now)
    assert not proofs.is_new(key("000013", "000002"), "20261122092900")


async def test_a_terminal_is_heard_in_the_dialects_of_its_family_only(line: Line) -> None:
    till = msgspec.structs.replace(profile_of(), family=TerminalFamily.MIS)
    line.line.profile = till
    line.take_known(purchase(2))
    assert (line.paper.codes, line.line.asked) == (["97"], {})
    line.line.profile = msgspec.structs.replace(profile_of(), family=TerminalFamily.POS)


@pytest.mark.parametrize("form", mis.NAMES)
async def test_a_pos_terminal_sells_nothing_on_a_tills_port(
    form: str, mock_clock: MockClock
) -> None:
    profile = msgspec.structs.replace(till_profile(), family=TerminalFamily.POS)
    payload = mis.frame(mis.named(form), "SALE", mis.ASKED["SALE"], MAC)
    with pytest.raises(AssertionError, match="the switch answered"):
        asked_of(mis.named(form), profile, payload)
    assert [one.kind for one in asked_of(mis.named(form), till_profile(), payload)] == [
        Kind.PURCHASE
    ]


async def test_a_certificate_speaks_for_the_terminals_it_names(line: Line) -> None:
    line.standing = Standing(is_bound=True)
    line.standing.names = frozenset({"80040002", "phone"})
    line.take_known(purchase(2))
    assert (line.paper.codes, line.line.asked) == (["A0"], {})
    line.standing.names = frozenset({TERMINAL})
    line.take_known(purchase(3))
    assert line.last().kind is Kind.PURCHASE


def test_phones_are_bound_by_their_kind_and_others_where_their_channel_says_so() -> None:
    tls = TlsSettings(certificate="a", key="b", client_ca="c", require_client=True)
    rules = {
        "softpos": (ChannelSettings(kind="softpos", tls=tls), True),
        "softpos on this machine": (ChannelSettings(kind="softpos"), False),
        "a fleet": (ChannelSettings(kind="softpos", tls=tls, certificate="any"), False),
        "pos": (ChannelSettings(tls=tls), False),
        "pos by terminal": (ChannelSettings(tls=tls, certificate="terminal"), True),
    }
    for what, (settings, is_bound) in rules.items():
        assert StandingRule(settings).new("10.0.0.1").is_bound is is_bound, what


@pytest.mark.parametrize("kind", [Kind.PURCHASE, Kind.REVERSAL])
async def test_an_order_blind_code_is_believed_only_where_nobody_else_listens(
    kind: Kind, line: Line
) -> None:
    line.standing = Standing(is_apart=False)
    line.take_known(trade(kind))
    assert line.line.asked == {}
    assert line.paper.codes == ([] if kind is Kind.REVERSAL else ["58"])
    line.standing = Standing(is_apart=True)
    line.take_known(trade(kind))
    assert line.last().kind is kind


def test_loopback_and_tls_are_apart_and_named_networks() -> None:
    tls = TlsSettings(certificate="a", key="b")
    assert StandingRule(ChannelSettings()).is_apart("127.0.0.1")
    assert not StandingRule(ChannelSettings()).is_apart("10.1.2.3")
    assert StandingRule(ChannelSettings(ecb_networks=("10.1.0.0/16",))).is_apart("10.1.2.3")
    assert not StandingRule(ChannelSettings(ecb_networks=())).is_apart("127.0.0.1")
    assert StandingRule(ChannelSettings(tls=tls)).is_apart("203.0.113.9")
