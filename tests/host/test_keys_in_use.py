"""Keys at work in the host: tracks under a TDK, DUKPT counters, groups by MAC, rotation."""

from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest
import trio

from config.run.database import Dsns
from host.estate.plan import DevicePlan, EstatePlan, TerminalPlan
from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.dukpt import seal_data
from host.hsm.keys import DeliveredKeys, receive
from host.hsm.mac import mac_for
from host.hsm.pin import make_pin_block
from host.hsm.track import TrackCipher
from host.keys import rotate
from host.model.requests import (
    X9_8_WITHOUT_PAN,
    Besides,
    Kind,
    PinBlock,
    Request,
    Response,
    SealedPan,
)
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from host.model.voucher_codes import grouped
from tests.host.conftest import (
    CARDS,
    NOW,
    TERMINALS,
    WIDE_PLAN,
    CardPool,
    Till,
    audit_ledger,
    leave_to_others,
    put_estate,
    trading,
    trading_at_home,
)
from tests.host.stock.conftest import Stock
from tests.host.test_loads_by_phone import somebody
from tests.host.test_vouchers import made, told

APP, PAD, RETAIL, CMAC = "80010031", "80010032", "80010033", "80010034"
CHAINED, DOUBLE, NEW_PAD = "80010035", "80010036", "80010038"
APP_ID, PAD_ID = "1234567890123456", "FFFF9876543210E00000"
APP_KEY = Secret.from_hex("1273671EA26AC29AFA4D1084127652A1")
PAD_KEY = Secret.from_hex("6AC292FAA1315B4D858AB3A3D7D5933A")
CHANGES: dict[str, dict[str, Any]] = {
    APP: {
        "mac_algorithm": MacAlgorithm.AES_DUKPT,
        "working": None,
        "device": DevicePlan(key_id=APP_ID, initial_key=APP_KEY),
    },
    PAD: {"device": DevicePlan(key_id=PAD_ID, initial_key=PAD_KEY)},
    NEW_PAD: {"device": DevicePlan(key_id=PAD_ID, initial_key=PAD_KEY)},
    RETAIL: {"mac_algorithm": MacAlgorithm.X9_19, "working": None},
    CMAC: {"mac_algorithm": MacAlgorithm.AES_CMAC, "working": None},
    CHAINED: {"mac_algorithm": MacAlgorithm.TDES_CBC, "working": None},
    DOUBLE: {"mac_algorithm": MacAlgorithm.UNIONPAY_ECB_TDES, "working": None},
}


def changed(terminal: TerminalPlan) -> TerminalPlan:
    return msgspec.structs.replace(terminal, **CHANGES.get(terminal.terminal_id, {}))


PLAN: EstatePlan = msgspec.structs.replace(
    WIDE_PLAN, terminals=tuple(changed(one) for one in WIDE_PLAN.terminals)
)


@pytest.fixture(scope="module")
def dsns(module_database: Dsns) -> Iterator[Dsns]:
    """The wide estate with an app instance, a DUKPT PIN pad, and two other MAC groups; its ledger
    is audited once all tests have traded."""
    put_estate(module_database, PLAN)
    yield module_database
    leave_to_others(module_database)
    audit_ledger(module_database)


@pytest.fixture
async def host(dsns: Dsns) -> Any:
    async with trading_at_home(dsns) as till:
        yield till


COUNTERS = iter(range(1, 2_000))


def app_ksn(counter: int | None = None) -> str:
    return f"{APP_ID}{next(COUNTERS) if counter is None else counter:08X}"


def app_sale(till: Till, card: int, ksn: str, **more: Any) -> Request:
    """A sale of an app instance: card and PIN sealed under the message's own KSN."""
    pan = CARDS[card].pan
    key = dukpt_aes.device_key(APP_KEY, bytes.fromhex(ksn), dukpt_aes.Usage.PIN)
    pin = PinBlock(4, make_pin_block(key, Secret(b"123456"), pan, 4), ksn)
    track = Secret(f"{pan.reveal()}D3012".encode())
    sale = till.request(Kind.PURCHASE, None, 100, terminal_id=APP, **more)
    return msgspec.structs.replace(
        sale, pin=pin, sealed_pan=seal_data(APP_KEY, ksn, track), ksn=ksn
    )


async def sign_on(till: Till, terminal_id: str, layout: str) -> tuple[Response, DeliveredKeys]:
    request = till.request(Kind.SIGN_ON, terminal_id=terminal_id, key_generation=0)
    answer = await till.ask(msgspec.structs.replace(request, working_keys=layout))
    assert answer.is_approved, answer
    algorithm = CHANGES.get(terminal_id, {}).get("mac_algorithm", MacAlgorithm.UNIONPAY_ECB)
    tmk = TERMINALS[terminal_id].tmk
    return answer, receive(layout, tmk, answer.key_block, algorithm)


async def test_an_app_instances_profile_is_its_initial_key(host: Till) -> None:
    profile = await host.poster.find_terminal(APP)
    assert profile is not None
    assert profile.mac_algorithm is MacAlgorithm.AES_DUKPT
    assert [key.key for key in profile.mac_keys] == [APP_KEY]


async def test_what_an_app_sealed_is_opened_and_paid(host: Till, pool: CardPool) -> None:
    card = pool.city()
    answer = await host.ask(app_sale(host, card, app_ksn()))
    assert answer.is_approved, answer
    assert host.balances(card)[0] == 100_000 - 100


async def test_an_app_that_seals_part_by_part_uses_rising_counters(
    host: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = app_sale(host, card, app_ksn())
    assert sale.pin is not None
    sale = msgspec.structs.replace(sale, ksn=app_ksn())
    assert (await host.ask(sale)).is_approved
    between = app_sale(host, card, sale.pin.ksn or "")
    assert (await host.ask(between)).reason is Reason.KSN_REFUSED


async def test_a_key_used_before_pays_for_nothing_else(host: Till, pool: CardPool) -> None:
    card, ksn = pool.city(), app_ksn()
    assert (await host.ask(app_sale(host, card, ksn))).is_approved
    answers = await host.ask_all([app_sale(host, card, ksn) for _ in range(3)])
    assert {answer.reason for answer in answers} == {Reason.KSN_REFUSED}
    assert host.balances(card)[0] == 100_000 - 100


async def test_a_counter_never_goes_back_not_even_after_a_restart(
    dsns: Dsns, pool: CardPool
) -> None:
    card, lower, higher = pool.city(), app_ksn(), app_ksn()
    async with trading(dsns) as till:
        assert (await till.ask(app_sale(till, card, higher))).is_approved
        assert (await till.ask(app_sale(till, card, lower))).reason is Reason.KSN_REFUSED
    async with trading(dsns) as till:
        for ksn in (lower, higher):
            assert (await till.ask(app_sale(till, card, ksn))).reason is Reason.KSN_REFUSED
        assert (await till.ask(app_sale(till, card, app_ksn()))).is_approved
        assert till.balances(card)[0] == 100_000 - 200


async def test_a_declined_message_has_used_its_key(host: Till, pool: CardPool) -> None:
    card, ksn = pool.city(), app_ksn()
    other = msgspec.structs.replace(
        app_sale(host, card, ksn), amount=host.request(Kind.PURCHASE, card, 0).amount
    )
    assert (await host.ask(other)).reason is Reason.INVALID_AMOUNT
    assert (await host.ask(app_sale(host, card, ksn))).reason is Reason.KSN_REFUSED


async def test_a_repeat_gets_its_answer_whichever_key_it_is_sealed_under(
    host: Till, pool: CardPool
) -> None:
    card, ksn = pool.city(), app_ksn()
    sale = app_sale(host, card, ksn)
    first = await host.ask(sale)
    assert await host.ask(sale) == first
    again = app_ksn()
    sealed_again = app_sale(host, card, again, stan=sale.key.stan)
    assert await host.ask(sealed_again) == first
    assert (await host.ask(app_sale(host, card, again))).reason is Reason.KSN_REFUSED
    assert host.balances(card)[0] == 100_000 - 100


@pytest.mark.parametrize(
    "ksn",
    [
        f"{APP_ID}00000000",
        f"{APP_ID}0001FFFF",
        f"{APP_ID}FFFFFFFF",
        "123456789012345700000001",
        "FFFF9876543210E00001",
        "",
        "not a KSN",
    ],
)
async def test_a_ksn_no_device_of_ours_sends_is_refused(
    host: Till, pool: CardPool, ksn: str
) -> None:
    card = pool.city()
    sale = msgspec.structs.replace(app_sale(host, card, app_ksn()), ksn=ksn)
    assert (await host.ask(sale)).reason is Reason.KSN_REFUSED
    assert host.balances(card)[0] == 100_000


def app_reversal(till: Till, sale: Request, ksn: str, **more: Any) -> Request:
    return msgspec.structs.replace(till.reversal(sale), ksn=ksn, **more)


async def test_a_reversal_under_an_old_key_is_not_taken_and_is_done_once_it_is_sealed_anew(
    host: Till, pool: CardPool
) -> None:
    """Another message of the app was heard meanwhile; nothing is remembered of the refusal."""
    card, ksns = pool.city(), [app_ksn() for _ in range(4)]
    sale = app_sale(host, card, ksns[0])
    assert (await host.ask(sale)).is_approved
    assert (await host.ask(app_sale(host, card, ksns[2]))).is_approved
    stale = app_reversal(host, sale, ksns[1])
    for _ in range(2):
        assert (await host.ask(stale)).reason is Reason.KSN_REFUSED
    assert host.balances(card)[0] == 100_000 - 200
    done = await host.ask(app_reversal(host, sale, ksns[3]))
    assert done.is_approved
    assert await host.ask(stale) == done
    assert host.balances(card)[0] == 100_000 - 100


async def test_a_reversal_under_an_old_key_does_not_bury_an_original_that_comes_yet(
    host: Till, pool: CardPool
) -> None:
    card, low, used, high = pool.city(), app_ksn(), app_ksn(), app_ksn()
    assert (await host.ask(app_sale(host, card, used))).is_approved
    sale = app_sale(host, card, high)
    assert (await host.ask(app_reversal(host, sale, low))).reason is Reason.KSN_REFUSED
    assert (await host.ask(sale)).is_approved


async def test_who_asks_for_an_answer_alone_gets_it_and_moves_nothing(
    host: Till, pool: CardPool
) -> None:
    card = pool.city()
    sale = app_sale(host, card, app_ksn())
    reversal = app_reversal(host, sale, app_ksn())
    for asked in (sale, reversal):
        alone = msgspec.structs.replace(asked, only_as_repeat=True)
        assert (await host.ask(alone)).reason is Reason.KSN_REFUSED
        first = await host.ask(asked)
        assert first.is_approved
        assert await host.ask(alone) == first
    assert host.balances(card)[0] == 100_000


async def test_what_is_sealed_anew_does_not_share_the_refusal_of_what_is_under_way(
    host: Till, pool: CardPool
) -> None:
    card, first, old, used, new = pool.city(), *(app_ksn() for _ in range(4))
    sale = app_sale(host, card, first)
    assert (await host.ask(sale)).is_approved
    assert (await host.ask(app_sale(host, card, used))).is_approved
    both = [app_reversal(host, sale, old), app_reversal(host, sale, new)]
    answers = await host.ask_all(both)
    assert [answer.reason for answer in answers] == [Reason.KSN_REFUSED, Reason.APPROVED]


@pytest.mark.parametrize("keeps_its_bytes", [True, False], ids=["the same bytes", "sealed anew"])
async def test_a_reversal_that_was_answered_is_answered_again_after_any_number_of_messages(
    host: Till, pool: CardPool, keeps_its_bytes: bool
) -> None:
    card = pool.city()
    sale = app_sale(host, card, app_ksn())
    assert (await host.ask(sale)).is_approved
    reversal = app_reversal(host, sale, app_ksn())
    done = await host.ask(reversal)
    for _ in range(3):
        assert (await host.ask(app_sale(host, card, app_ksn()))).is_approved
    again = reversal if keeps_its_bytes else app_reversal(host, sale, app_ksn())
    assert await host.ask(again) == done
    assert host.balances(card)[0] == 100_000 - 300


async def test_a_terminal_without_an_initial_key_has_no_ksn(host: Till, pool: CardPool) -> None:
    sale = msgspec.structs.replace(
        host.request(Kind.PURCHASE, pool.city(), 100, pin="123456"), ksn=app_ksn()
    )
    assert (await host.ask(sale)).reason is Reason.KSN_REFUSED


async def test_card_data_sealed_under_another_key_is_a_format_error(
    host: Till, pool: CardPool
) -> None:
    sale = app_sale(host, pool.city(), app_ksn())
    assert sale.sealed_pan is not None
    broken = SealedPan(Secret(bytes(32)), sale.sealed_pan.ksn)
    answer = await host.ask(msgspec.structs.replace(sale, sealed_pan=broken))
    assert answer.reason is Reason.FORMAT_ERROR


def app_redemption(host: Till, code: str, **more: Any) -> Request:
    """A voucher that an app scans: its code sealed under the message's own KSN."""
    ksn = app_ksn()
    sealed = seal_data(APP_KEY, ksn, Secret(code.encode()))
    return msgspec.structs.replace(
        host.request(
            Kind.VOUCHER_REDEMPTION, None, 100, terminal_id=APP,
            besides=Besides(sealed_voucher=sealed), **more,
        ),
        ksn=ksn,
    )  # fmt: skip


async def test_a_voucher_code_that_an_app_sealed_is_opened_and_found(
    host: Till, dsns: Dsns
) -> None:
    """S2-14: one that does not open is a format error, and counts as no guess."""
    with psycopg.connect(dsns.owner, autocommit=True) as connection:
        [code] = made(Stock(connection=connection, dsns=dsns))
    asked = app_redemption(host, grouped(code.reveal()))
    sealed = asked.besides.sealed_voucher if asked.besides is not None else None
    assert sealed is not None
    broken = Besides(sealed_voucher=SealedPan(Secret(bytes(32)), sealed.ksn))
    refused = await host.ask(msgspec.structs.replace(asked, besides=broken))
    assert refused.reason is Reason.FORMAT_ERROR
    elsewhere = msgspec.structs.replace(asked, ksn=app_ksn())
    other = Besides(sealed_voucher=SealedPan(sealed.block, f"{'0' * 16}00000001"))
    refused = await host.ask(msgspec.structs.replace(elsewhere, besides=other))
    assert refused.reason is Reason.KSN_REFUSED
    asked = app_redemption(host, grouped(code.reveal()))
    assert told(await host.ask(asked)).code == code.masked
    assert told(await host.ask(asked)).code == code.masked
    assert (await host.ask(app_redemption(host, code.reveal()))).reason is Reason.VOUCHER_USED


async def test_a_phone_that_an_app_sealed_is_opened_and_its_members_card_is_loaded(
    host: Till, pool: CardPool
) -> None:
    """S3-06: one that does not open is a format error, and a number of nobody's is told as such."""
    card = pool.city()
    phone, ksn = somebody(host, card), app_ksn()
    sealed = seal_data(APP_KEY, ksn, Secret(phone.encode()))
    asked = host.request(
        Kind.LOAD_BY_PHONE, None, 5_000, terminal_id=APP, besides=Besides(sealed_phone=sealed)
    )
    asked = msgspec.structs.replace(asked, ksn=ksn)
    before = host.balances(card)[0]
    answer = await host.ask(asked)
    assert answer.is_approved
    assert answer.balance is None
    assert await host.ask(asked) == answer
    assert host.balances(card)[0] == before + 5_000
    broken = Besides(sealed_phone=SealedPan(Secret(bytes(32)), ksn))
    refused = await host.ask(msgspec.structs.replace(asked, besides=broken))
    assert refused.reason is Reason.FORMAT_ERROR
    other = app_ksn()
    nobodys = Besides(sealed_phone=seal_data(APP_KEY, other, Secret(b"13900000000")))
    asked = host.request(Kind.LOAD_BY_PHONE, None, 5_000, terminal_id=APP, besides=nobodys)
    refused = await host.ask(msgspec.structs.replace(asked, ksn=other))
    assert refused.reason is Reason.PHONE_NOT_LOADED


async def test_management_messages_count_too(host: Till) -> None:
    ksn = app_ksn()
    echo = msgspec.structs.replace(host.request(Kind.ECHO, terminal_id=APP, stan="000001"), ksn=ksn)
    assert (await host.ask(echo)).is_approved
    assert (await host.ask(echo)).is_approved  # its answer was lost
    other = msgspec.structs.replace(
        host.request(Kind.ECHO, terminal_id=APP, stan="000002"), ksn=ksn
    )
    assert (await host.ask(other)).reason is Reason.KSN_REFUSED


async def test_a_pin_pad_under_dukpt_serves_a_terminal_with_a_session_mac(
    host: Till, pool: CardPool
) -> None:
    def sale(counter: int, pin: bytes = b"123456") -> Request:
        ksn = f"{int(PAD_ID, 16) + counter:020X}"
        keys = dukpt_tdes.device_keys(PAD_KEY, bytes.fromhex(ksn))
        block = PinBlock(0, make_pin_block(keys.pin, Secret(pin), CARDS[card].pan, 0), ksn)
        return host.request(Kind.PURCHASE, card, 100, pin=block, terminal_id=PAD)

    card = pool.city()
    assert (await host.ask(sale(1))).is_approved
    assert (await host.ask(sale(2, b"123457"))).reason is Reason.WRONG_PIN
    assert (await host.ask(sale(2))).reason is Reason.KSN_REFUSED
    assert (await host.ask(sale(0x1FF800))).is_approved  # the last key it has
    for counter in (3, 0x1FF800):
        assert (await host.ask(sale(counter))).reason is Reason.KSN_REFUSED


EIGHT_BYTES = (0, 1, 3, X9_8_WITHOUT_PAN)
"""Ways to write a PIN into 8 bytes."""


@pytest.mark.parametrize("written", EIGHT_BYTES)
@pytest.mark.parametrize(("layout", "pik_bytes"), [("001", 8), ("003", 16)])
async def test_a_pin_is_read_under_a_delivered_key_of_either_length(
    host: Till, pool: CardPool, written: int, layout: str, pik_bytes: int
) -> None:
    terminal_id, card = "80010037", pool.city()
    _, keys = await sign_on(host, terminal_id, layout)
    assert len(keys.pik) == pik_bytes
    profile = await host.poster.find_terminal(terminal_id)
    assert profile is not None
    generation = profile.mac_keys[0].generation

    async def said(pin: bytes) -> Reason:
        block = make_pin_block(keys.pik, Secret(pin), CARDS[card].pan, written)
        sale = host.request(
            Kind.PURCHASE, card, 100, pin=PinBlock(written, block),
            terminal_id=terminal_id, key_generation=generation,
        )  # fmt: skip
        return (await host.ask(sale)).reason

    assert await said(b"123457") is Reason.WRONG_PIN
    assert await said(b"123456") is Reason.APPROVED


@pytest.mark.parametrize("written", EIGHT_BYTES)
async def test_a_pin_of_8_bytes_is_read_under_either_kind_of_dukpt(
    host: Till, pool: CardPool, written: int
) -> None:
    card = pool.city()
    pan, counter = CARDS[card].pan, 0x4000 + EIGHT_BYTES.index(written)
    pad_ksn = f"{int(PAD_ID, 16) + counter:020X}"
    under_tdes = dukpt_tdes.device_keys(PAD_KEY, bytes.fromhex(pad_ksn)).pin
    serial = app_ksn()
    under_aes = dukpt_aes.device_key(
        APP_KEY, bytes.fromhex(serial), dukpt_aes.Usage.PIN, dukpt_aes.TDES_2KEY
    )
    for key, ksn, terminal_id in ((under_tdes, pad_ksn[4:], NEW_PAD), (under_aes, serial, APP)):
        pin = PinBlock(written, make_pin_block(key, Secret(b"123456"), pan, written), ksn)
        sale = host.request(Kind.PURCHASE, card, 100, pin=pin, terminal_id=terminal_id)
        assert (await host.ask(sale)).is_approved


async def test_an_encrypted_track_is_opened_under_the_key_that_sealed_its_message(
    host: Till, pool: CardPool
) -> None:
    terminal_id, card = "80010016", pool.city()
    answer, keys = await sign_on(host, terminal_id, "004")
    assert (len(answer.key_block), keys.tdk is not None) == (60, True)
    assert keys.tdk is not None
    pan = CARDS[card].pan
    track = Secret(f"{pan.reveal()}D30121200000000000000".encode())
    sealed = TrackCipher(keys.tdk).encrypt(track)
    assert sealed != track

    def sale(generation: int) -> Request:
        pin = PinBlock(0, make_pin_block(keys.pik, Secret(b"123456"), pan, 0))
        blank = host.request(
            Kind.PURCHASE, None, 100, pin=pin, terminal_id=terminal_id, key_generation=generation
        )
        return msgspec.structs.replace(blank, sealed_track=sealed)

    assert (await host.ask(sale(1))).reason is Reason.KEYS_MISSING
    assert (await host.ask(sale(2))).is_approved
    assert host.balances(card)[0] == 100_000 - 100


async def test_a_track_under_another_key_is_a_format_error(host: Till) -> None:
    await sign_on(host, "80010017", "004")
    noise = Secret(b"9988000000000015DFFFFFFFFFFFFFFFFFFFF")
    request = host.request(Kind.PURCHASE, None, 100, terminal_id="80010017", key_generation=2)
    answer = await host.ask(msgspec.structs.replace(request, sealed_track=noise))
    assert answer.reason is Reason.FORMAT_ERROR


async def test_a_track_key_outlives_a_restart(dsns: Dsns, pool: CardPool) -> None:
    terminal_id, card = "80010018", pool.city()
    async with trading(dsns) as till:
        _, keys = await sign_on(till, terminal_id, "004")
    assert keys.tdk is not None
    track = Secret(f"{CARDS[card].pan.reveal()}D30121200000000000000".encode())
    async with trading(dsns) as till:
        blank = till.request(Kind.BALANCE_INQUIRY, None, terminal_id=terminal_id, key_generation=2)
        pin = make_pin_block(keys.pik, Secret(b"123456"), CARDS[card].pan, 0)
        asked = msgspec.structs.replace(
            blank, pin=PinBlock(0, pin), sealed_track=TrackCipher(keys.tdk).encrypt(track)
        )
        assert (await till.ask(asked)).is_approved


@pytest.mark.parametrize(
    ("terminal_id", "mak_bytes"),
    [(RETAIL, 16), (CMAC, 16), (CHAINED, 16), (DOUBLE, 16), ("80010019", 8)],
)
@pytest.mark.parametrize("layout", ["003", "004"])
async def test_a_group_is_delivered_the_mac_key_its_algorithm_needs(
    host: Till, terminal_id: str, mak_bytes: int, layout: str
) -> None:
    _, keys = await sign_on(host, terminal_id, layout)
    profile = await host.poster.find_terminal(terminal_id)
    assert profile is not None
    assert len(keys.mak) == mak_bytes
    assert profile.mac_keys[0].key == keys.mak
    ours, theirs = (mac_for(profile.mac_algorithm, key) for key in (keys.mak, keys.mak))
    assert ours.verify(b"message", theirs.compute(b"message"))


@pytest.mark.parametrize(
    ("terminal_id", "layout"), [(RETAIL, "001"), (CMAC, "001"), (DOUBLE, "001"), (APP, "003")]
)
async def test_a_layout_without_room_for_a_groups_mac_key_is_declined(
    host: Till, terminal_id: str, layout: str
) -> None:
    request = host.request(Kind.SIGN_ON, terminal_id=terminal_id, key_generation=0)
    answer = await host.ask(msgspec.structs.replace(request, working_keys=layout))
    assert answer.reason is Reason.FUNCTION_NOT_SUPPORTED


async def test_rotated_terminals_are_asked_to_sign_on_until_they_have(
    dsns: Dsns, pool: CardPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.poster.ROTATION_SECONDS", 0.01)
    rotated, other = "80010020", "80010021"

    async def is_asked(till: Till, terminal_id: str, generation: int) -> bool:
        answer = await till.ask(
            till.request(
                Kind.CASH_LOAD, pool.city(), 1,
                terminal_id=terminal_id, key_generation=generation,
            )
        )  # fmt: skip
        assert answer.is_approved
        return answer.sign_on_again

    async with trading(dsns) as till:
        assert not await is_asked(till, rotated, 1)
        with psycopg.connect(dsns.owner, autocommit=True) as owner:
            assert rotate(owner, [rotated], by="alice", now=NOW) == 1
        with trio.fail_after(20):
            while not await is_asked(till, rotated, 1):
                pass
        assert not await is_asked(till, other, 1)
    async with trading(dsns) as till:
        with trio.fail_after(20):
            while not await is_asked(till, rotated, 1):
                pass
        await sign_on(till, rotated, "003")
        assert await is_asked(till, rotated, 1)
        assert not await is_asked(till, rotated, 2)
