"""What no answer of the switch may end: a reversal, refund or confirmation it cannot read.

Any answer ends a terminal's retries. So what cannot be read is undone by its key where that is
whole, or left in silence with a case; and without a right code nothing is done at all.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import MockClock

from host.estate.demo import demo_estate
from host.hsm.mac import Mac, UnionPayEcbMac, X919Mac
from host.model.money import Money
from host.model.requests import Kind, Request
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from switch.exchange import Origin
from switch.front import Front
from switch.intake import FITTED_AT_ONCE, FITTED_SECONDS
from switch.metrics import Metrics
from switch.settings import ChannelSettings, SwitchSettings
from terminals.dialect import Dialect
from terminals.dialects import DialectOptions, dialect_named
from terminals.dialects.mis import HEADER_BYTES, compose
from terminals.dialects.pos import POS
from terminals.dialects.softpos import sealed as sealed_by_phone
from terminals.isodialect import IsoDialect
from terminals.sealing import NO_TAG_YET, seal
from terminals.uses import AS_BYTES
from tests.switch.bed import Ends
from tests.switch.conftest import (
    BATCH,
    HEADER,
    MERCHANT,
    TERMINAL,
    TPDU,
    approval,
    echo,
    profile_of,
)
from tests.switch.test_front import Bench, trade
from tests.switch.tongues import KEYS
from tests.terminals.dialects import test_mis as mis
from tests.terminals.dialects import test_softpos as softpos
from tests.terminals.dialects.test_ascii87 import DIALECTS as ASCII87

FILES = Path(__file__).parents[1] / "vectors" / "wire"
MAC = X919Mac(KEYS[MacAlgorithm.X9_19])
REVERSAL = {
    "t": "0400",
    "3": "000000",
    "4": "000000012345",
    "11": "000002",
    "22": "022",
    "25": "00",
    "39": "98",
    "41": TERMINAL,
    "42": MERCHANT,
    "49": "156",
    "60": f"22{BATCH}000500",
}


@pytest.fixture
async def bench(mock_clock: MockClock) -> Bench:
    bench = Bench()
    bench.line.profile = till_profile(TERMINAL)
    return bench


def of_file(name: str) -> bytes:
    """A payload as it was found, without its length."""
    return bytes.fromhex((FILES / f"{name}.hex").read_text())[2:]


def profile_in_estate(terminal_id: str) -> TerminalProfile:
    estate = demo_estate()
    [plan] = [one for one in estate.terminals if one.terminal_id == terminal_id]
    assert plan.working is not None
    return TerminalProfile(
        terminal_id=terminal_id,
        merchant_id=estate.merchant_of(plan).merchant_id,
        epoch=plan.epoch,
        mac_algorithm=plan.mac_algorithm,
        mac_keys=(MacKey(1, plan.working.mak),),
    )


def reversal(mac: Mac | None = None, dialect: IsoDialect = POS, **changes: str | None) -> bytes:
    """One with other fields, `_49=None` for one that is left out, and a right code."""
    named = {name.removeprefix("_"): text for name, text in changes.items()}
    fields = {name: text for name, text in (REVERSAL | named).items() if text is not None}
    tpdu, header = TPDU[: dialect.tpdu_bytes], HEADER[: dialect.header_bytes]
    return dialect.compose(tpdu, header, fields, mac or MAC)


def patched(fields: dict[str, str], old: bytes, new: bytes, *, resealed: bool = True) -> bytes:
    """A sealed message with other bytes in it: no encoder of ours would write them."""
    body = POS.codec.encode(dict(sorted((fields | {"64": NO_TAG_YET}).items(), key=order)))
    assert body.count(old) == 1
    changed = body.replace(old, new)
    return TPDU + HEADER + (seal(changed, MAC) if resealed else changed)


def order(item: tuple[str, str]) -> int:
    return -1 if item[0] == "t" else int(item[0])


def with_unknown_bit(payload: bytes, number: int = 50) -> bytes:
    """The message announces a field that no dialect of its kind has, and its code is right."""
    start = len(TPDU + HEADER)
    body = bytearray(payload[start:])
    body[2 + (number - 1) // 8] |= 0x80 >> (number - 1) % 8
    return payload[:start] + seal(bytes(body), MAC)


def asked_last(bench: Bench) -> Request:
    request, _waiter = bench.line.asked[len(bench.line.asked)]
    return request


async def test_the_frames_as_they_were_found_are_undone(bench: Bench) -> None:
    for name, terminal_id in (
        ("01_reversal_unreadable", "80010026"),
        ("01c_reversal_no_currency", "80010002"),
    ):
        bench.line.profile = profile_in_estate(terminal_id)
        bench.take_known(of_file(name))
        request = asked_last(bench)
        assert (request.kind, request.amount) == (Kind.REVERSAL, Money(1_000, "CNY"))
        assert request.original is not None
        assert (request.original.kind, request.key.terminal_id) == (Kind.PURCHASE, terminal_id)
        assert request.merchant_id == bench.line.profile.merchant_id
    assert (bench.paper.codes, bench.ledger.owed) == ([], [])


UNDONE = {
    "no currency": reversal(_49=None),
    "another currency": reversal(_49="344"),
    "a card number that is none": reversal(_2="99"),
    "no merchant": reversal(_42=None),
    "no entry mode": reversal(_22=None),
    "a control field of eight digits": reversal(_60=f"22{BATCH}"),
    "no condition code": reversal(_25=None),
    "bytes that are no text": patched(REVERSAL | {"63": "01 "}, b"01 ", b"\xff\xff\xff"),
    "a merchant in other characters": patched(REVERSAL, b"888290054110001", b"\xff" * 15),
    "a reason in other characters": patched(REVERSAL, b"98", b"\x00\x00"),
}


@pytest.mark.parametrize("what", UNDONE)
async def test_a_reversal_is_undone_by_its_key_whatever_else_is_wrong(
    what: str, bench: Bench
) -> None:
    bench.take_known(UNDONE[what])
    request = asked_last(bench)
    assert (request.kind, request.key.epoch, request.key.stan) == (Kind.REVERSAL, BATCH, "000002")
    assert request.merchant_id == MERCHANT
    assert request.amount == Money(12_345, "CNY")
    assert (bench.paper.codes, bench.ledger.owed) == ([], [])


SILENT = {
    "a field nobody knows": with_unknown_bit(reversal()),
    "no batch": reversal(_60=None),
    "half a batch": reversal(_60="2200001"),
    "no trace": reversal(_11=None),
    "no processing code": reversal(_3=None),
    "a processing code of nothing": reversal(_3="990000"),
    "an amount in letters": patched(REVERSAL, bytes.fromhex("000000012345"), b"\xab" * 6),
    "bytes left over": TPDU + HEADER + seal(reversal()[11:-8] + bytes(16), MAC),
}


@pytest.mark.parametrize("what", SILENT)
async def test_a_reversal_without_its_key_is_silence_and_one_case(what: str, bench: Bench) -> None:
    bench.take_known(SILENT[what])
    bench.take_known(SILENT[what])
    assert (bench.line.asked, bench.paper.codes, bench.paper.silences) == ({}, [], 2)
    first, second = bench.ledger.owed
    assert (first.kind, first.case, first.key.terminal_id) == (
        Kind.CASE_REPORT,
        "unreadable",
        TERMINAL,
    )
    assert first == second
    assert bench.counted("silent", channel="pos", why="unreadable") == 2


BROKEN = UNDONE | SILENT


@pytest.mark.parametrize("what", BROKEN)
async def test_without_a_right_code_nothing_is_done_said_or_told(what: str, bench: Bench) -> None:
    bench.take_known(BROKEN[what][:-1] + b"!")
    assert (bench.line.asked, bench.paper.codes, bench.ledger.owed) == ({}, [], [])
    assert bench.paper.silences == 1
    assert bench.counted("silent", channel="pos", why="not proved") == 1


def order_blind(stan: str) -> bytes:
    """A reversal with a bit that nobody knows: its code is right, and could be anybody's."""
    said = with_unknown_bit(reversal(_11=stan))
    return said[:11] + seal(said[11:], UnionPayEcbMac(KEYS[MacAlgorithm.UNIONPAY_ECB]))


async def test_under_an_order_blind_code_it_is_silence_and_few_cases(
    bench: Bench,
    autojump_clock: object,
) -> None:
    """Whoever has heard one message may have made the code fit: people are told, and not often."""
    bench.line.profile = msgspec.structs.replace(
        till_profile(TERMINAL),
        mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
        mac_keys=(MacKey(1, KEYS[MacAlgorithm.UNIONPAY_ECB]),),
    )
    often = 3 * int(FITTED_AT_ONCE)
    for number in range(often):
        bench.take_known(order_blind(f"{number:06d}"))
    assert (bench.line.asked, bench.paper.codes, bench.paper.silences) == ({}, [], often)
    owed = bench.ledger.owed
    assert [(one.kind, one.case, one.key.stan) for one in owed] == [
        (Kind.CASE_REPORT, "unreadable", f"{number:06d}") for number in range(int(FITTED_AT_ONCE))
    ]
    assert bench.counted("silent", channel="pos", why="not proved") == often - len(owed)
    await trio.sleep(FITTED_SECONDS)
    bench.take_known(order_blind("000999"))
    assert bench.ledger.owed[-1].key.stan == "000999"
    bench.take_known(order_blind("001000")[:-1] + b"!")
    assert bench.ledger.owed[-1].key.stan == "000999", "its code is wrong"


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CASH_LOAD_CONFIRM])
async def test_an_advice_that_cannot_be_read_is_silence_and_a_case(
    kind: Kind, bench: Bench
) -> None:
    whole = POS.split(trade(kind)).fields
    broken = [
        POS.compose(TPDU, HEADER, {n: v for n, v in whole.items() if n not in {"p", name}}, MAC)
        for name in ("25", "60", "49", "4", "42")
    ]
    for payload in broken:
        bench.take_known(payload)
    assert (bench.line.asked, bench.paper.codes) == ({}, [])
    assert [owed.kind for owed in bench.ledger.owed] == [Kind.CASE_REPORT] * len(broken)


@pytest.mark.parametrize(
    "codes",
    [{"25": "77"}, {"3": "209999"}, {"60": f"99{BATCH}"}, {"3": "990000", "25": "99"}],
    ids=["condition", "processing code", "type code", "two"],
)
@pytest.mark.parametrize("mti", ["0220", "0221"])
@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CASH_LOAD_CONFIRM])
async def test_an_advice_of_nothing_we_know_is_silence_and_a_case(
    kind: Kind, mti: str, codes: dict[str, str], bench: Bench
) -> None:
    """What it tells of has happened at its terminal, and any answer would end it."""
    fields = {n: v for n, v in POS.split(trade(kind)).fields.items() if n != "p"}
    bench.take_known(POS.compose(TPDU, HEADER, fields | codes | {"t": mti}, MAC))
    assert (bench.line.asked, bench.paper.codes, bench.paper.silences) == ({}, [], 1)
    [owed] = bench.ledger.owed
    assert (owed.kind, owed.case) == (Kind.CASE_REPORT, "unreadable")


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CASH_LOAD_CONFIRM])
async def test_an_advice_that_names_another_merchant_is_silence_and_a_case(
    kind: Kind, bench: Bench
) -> None:
    fields = {n: v for n, v in POS.split(trade(kind)).fields.items() if n != "p"}
    bench.take_known(POS.compose(TPDU, HEADER, fields | {"42": "888290054110009"}, MAC))
    assert (bench.line.asked, bench.paper.codes) == ({}, [])
    assert [owed.kind for owed in bench.ledger.owed] == [Kind.CASE_REPORT]


@pytest.mark.parametrize("kind", [Kind.REVERSAL, Kind.REFUND, Kind.CASH_LOAD_CONFIRM])
async def test_a_wrong_code_does_not_end_what_only_the_host_may_end(
    kind: Kind, bench: Bench
) -> None:
    bench.line.profile = profile_of()
    bench.take_known(trade(kind)[:-1] + b"!")
    assert (bench.line.asked, bench.paper.codes, bench.paper.silences) == ({}, [], 1)
    assert bench.counted("mac_failures", channel="pos") == 1


async def test_a_bug_of_ours_does_not_end_a_reversal(bench: Bench) -> None:
    class Broken:
        institution = "pos"
        read = staticmethod(POS.read)
        must_be_sealed = staticmethod(POS.must_be_sealed)

    bench.take(reversal(), Broken())
    bench.line.finders.pop().found(bench.line.profile)
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    assert bench.counted("silent", channel="pos", why="failed") == 1


async def test_a_sale_with_a_bad_field_is_answered_30_with_all_that_was_read(bench: Bench) -> None:
    bench.line.profile = profile_of()
    bench.take_known(of_file("14_f22_left_padded"))
    assert bench.paper.codes == ["30"]
    [answer] = bench.paper.answers
    assert answer.fields["60"][2:8] == BATCH
    assert (answer.fields["11"], answer.fields["41"]) == ("001305", TERMINAL)


async def test_bytes_in_the_operators_text_are_kept_as_bytes(bench: Bench) -> None:
    bench.line.profile = profile_in_estate("80010024")
    bench.take_known(of_file("10_f63_sm016"))
    assert asked_last(bench).kind is Kind.PURCHASE
    kept = POS.read(of_file("10_f63_sm016")).fields["63"].encode("ascii", AS_BYTES)
    assert (kept[:5], kept.hex()[10:]) == (b"SM016", "cdc489e91786d0be01f543d813611bcd")


@pytest.mark.parametrize("name", ASCII87)
async def test_in_characters_too_a_reversal_is_undone_by_its_key(
    name: str, mock_clock: MockClock
) -> None:
    dialect = ASCII87[name]
    for payload in (
        reversal(dialect=dialect, _49=None),
        reversal(dialect=dialect, _42=None),
        reversal(dialect=dialect, _11=None, _90="0200000002" + "0" * 32),
    ):
        [request] = asked_of(dialect, till_profile(TERMINAL), payload)
        assert (request.kind, request.key.stan) == (Kind.REVERSAL, "000002")
    assert asked_of(dialect, till_profile(TERMINAL), reversal(dialect=dialect, _60=None)) == []


@pytest.mark.parametrize("form", mis.NAMES)
async def test_a_tills_reversal_is_undone_by_its_key_and_nothing_else_is(
    form: str, mock_clock: MockClock
) -> None:
    dialect = mis.named(form)
    mac = MAC
    profile = till_profile()
    for code, is_asked in (("REVS", True), ("REFD", False)):
        whole = mis.frame(dialect, code, mis.ASKED[code], mac)
        payload = whole[HEADER_BYTES:-8]
        broken = compose(whole[:HEADER_BYTES], spoilt(form, payload), mac)
        asked = asked_of(dialect, profile, broken)
        assert [request.kind for request in asked] == [Kind.REVERSAL] * is_asked
        assert all(request.merchant_id == MERCHANT for request in asked)


@pytest.mark.parametrize("form", mis.NAMES)
async def test_what_a_till_says_and_cannot_be_read_is_a_case_of_its_own_date(
    form: str, mock_clock: MockClock
) -> None:
    """A till has no batch: its numbers begin anew each day."""
    dialect = mis.named(form)
    whole = mis.frame(dialect, "REFD", mis.ASKED["REFD"], MAC)
    head, payload = whole[:HEADER_BYTES], whole[HEADER_BYTES:-8]
    told = {
        compose(head, broken, MAC): date
        for broken, date in (
            (spoilt(form, payload), "00000000" if form == "mis-iso" else mis.DATE),
            (b"?", "00000000"),
        )
    }
    for message, date in told.items():
        bench = Bench()
        bench.line.profile = till_profile()
        bench.take(message, dialect)
        bench.line.finders.pop().found(bench.line.profile)
        assert (bench.paper.codes, bench.paper.silences) == ([], 1)
        [owed] = bench.ledger.owed
        assert (owed.kind, owed.case, owed.key.epoch) == (Kind.CASE_REPORT, "unreadable", date)


def spoilt(form: str, payload: bytes) -> bytes:
    """The same with a merchant that is none."""
    assert payload.count(MERCHANT.encode()) == 1
    return payload.replace(MERCHANT.encode(), b"!" * 15)


async def test_a_phones_reversal_is_undone_by_its_key_and_its_refund_left_in_silence(
    mock_clock: MockClock,
) -> None:
    for number, (op, is_asked) in enumerate((("reverse", True), ("refund", False)), start=1):
        value = softpos.values(op, number) | {"memo": "a word we do not have"}
        payload = sealed_by_phone(value, bytes.fromhex(value["ksn"]), softpos.DEVICE)
        asked = asked_of(softpos.dialect(), phone_profile(), payload)
        assert [request.kind for request in asked] == [Kind.REVERSAL] * is_asked


def till_profile(terminal_id: str = mis.TILL) -> TerminalProfile:
    return TerminalProfile(
        terminal_id=terminal_id,
        merchant_id=MERCHANT,
        epoch=BATCH,
        mac_algorithm=MacAlgorithm.X9_19,
        mac_keys=(MacKey(1, KEYS[MacAlgorithm.X9_19]),),
    )


def phone_profile() -> TerminalProfile:
    return TerminalProfile(
        terminal_id=TERMINAL,
        merchant_id=MERCHANT,
        epoch=BATCH,
        mac_algorithm=MacAlgorithm.AES_DUKPT,
        mac_keys=(MacKey(1, softpos.INITIAL),),
    )


def asked_of(dialect: Dialect, profile: TerminalProfile, payload: bytes) -> list[Request]:
    """What the host is asked when a terminal says this; an answer of the switch is none here."""
    ends = Ends(profile)
    desk = Front(ends, ends, Metrics(), SwitchSettings(log_messages=False))
    desk.take(Origin(dialect, "any"), ends, [payload])
    while ends.finders:
        ends.finders.pop()[1].found(profile)
    assert not ends.said, "the switch answered what only the host may end"
    return [request for request, _waiter in ends.asked]


async def test_a_terminal_without_a_header_is_read_where_its_channel_says_so(
    mock_clock: MockClock,
) -> None:
    dialect = dialect_named("pos", DialectOptions(has_header=False))
    payload = of_file("05_tpdu_no_header")
    assert POS_CHANNEL.frame_bytes_min <= len(payload)
    found = dialect.read(payload)
    assert (found.asks, found.fields["60"]) == (Kind.ECHO, "00000012301")
    message = dialect.read(echo()[:5] + echo()[11:])
    answer = dialect.answer(message, approval(), None)
    assert answer[:7].hex() == "60000000030830"
    bare = dialect_named("pos", DialectOptions(has_header=False, has_tpdu=False))
    assert bare.read(payload[5:]).asks is Kind.ECHO


POS_CHANNEL = ChannelSettings(options=DialectOptions(has_header=False))
