"""POS terminals under TDES DUKPT: a KSN in F59 names the keys of MAC and PIN, of one message."""

from typing import Any

import msgspec
import pytest

from host.estate.demo import demo_estate
from host.hsm import dukpt_tdes
from host.hsm.ciphers import des_encryptor
from host.hsm.dukpt import device_of
from host.hsm.pin import make_pin_block
from host.model.responses import Reason
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from switch.settings import ChannelSettings
from terminals.dialects import DialectOptions
from terminals.dukpt_session import Direction, DukptMac
from tests.peers.bcd import Heard, say
from tests.switch.conftest import (
    BATCH,
    MERCHANT,
    TERMINAL,
    PosTerminal,
    World,
    approval,
    mac_of,
    profile_of,
    purchase_fields,
    sealed,
)

BDK = Secret.from_hex("0123456789ABCDEFFEDCBA9876543210")
INITIAL = dukpt_tdes.initial_key(BDK, bytes.fromhex("FFFF9876543210E00001"))
DEVICE = DukptMac(INITIAL, Direction.DEVICE, MacAlgorithm.TDES_DUKPT)
CARD = demo_estate().cards[0]
PROFILE = TerminalProfile(
    terminal_id=TERMINAL,
    merchant_id=MERCHANT,
    epoch=BATCH,
    mac_algorithm=MacAlgorithm.TDES_DUKPT,
    mac_keys=(MacKey(1, INITIAL),),
)


def ksn_of(counter: int) -> str:
    return f"FFFF9876543210{0xE00000 + counter:06X}"


def sale(counter: int, *, sealed_under: int | None = None, **changes: Any) -> bytes:
    """A purchase under a KSN, its MAC under another where that is said."""
    fields = purchase_fields(counter) | {"59": ksn_of(counter)}
    fields |= {name[1:]: text for name, text in changes.items()}
    serial = bytes.fromhex(ksn_of(sealed_under or counter))
    return say(fields, DEVICE.under(serial).compute)


def is_sealed_under(answer: Heard, counter: int) -> bool:
    mac = DEVICE.under(bytes.fromhex(ksn_of(counter)))
    return mac.verify(answer.body[:-8], answer.body[-8:])


@pytest.fixture
async def till(world: World) -> PosTerminal:
    world.host.profiles[TERMINAL] = PROFILE
    options = DialectOptions(ksn_in="59")
    await world.start_switch(channels=(ChannelSettings(port=0, options=options),))
    return await world.connect()


async def test_a_sale_is_proved_and_answered_under_its_ksn(till: PosTerminal, world: World):
    for counter in (1, 2):
        answer = await till.ask(sale(counter))
        assert answer.fields["39"] == "00"
        assert is_sealed_under(answer, counter)
        assert not is_sealed_under(answer, counter + 1)
        request = world.host.requests[-1]
        assert (request.ksn, request.key_generation) == (ksn_of(counter), 1)


async def test_its_pin_is_under_the_same_ksn(till: PosTerminal, world: World):
    keys = dukpt_tdes.device_keys(INITIAL, bytes.fromhex(ksn_of(3)))
    block = make_pin_block(keys.pin, Secret(b"1234"), CARD.pan, 0).reveal().hex().upper()
    pin = {"f22": "021", "f26": "12", "f52": block, "f53": "2600000000000000"}
    assert (await till.ask(sale(3, sealed_under=None, **pin))).fields["39"] == "00"
    told = world.host.requests[-1].pin
    assert told is not None
    assert told.ksn == ksn_of(3)
    reader = device_of(INITIAL, "FFFF9876543210E00000").pin_reader(told.ksn)
    assert reader.read(told.block, told.iso_format, CARD.pan) == Secret(b"1234")


async def test_a_ksn_of_8_bytes_has_lost_its_f_on_the_left(till: PosTerminal, world: World):
    serial = ksn_of(6)
    fields = purchase_fields(6) | {"59": serial[4:]}
    mac = DEVICE.under(bytes.fromhex(serial))
    answer = await till.ask(say(fields, mac.compute))
    assert answer.fields["39"] == "00"
    assert is_sealed_under(answer, 6)
    assert (
        device_of(INITIAL, "FFFF9876543210E00000").counter(world.host.requests[-1].ksn or "") == 6
    )


@pytest.mark.parametrize("control", ["1", "2"])
async def test_under_aes_dukpt_a_pin_block_of_8_bytes_has_a_tdes_key(world: World, control: str):
    """A pos F52 is 8 bytes: X9.24-3 derives a two-key TDES key for it."""
    initial, serial = (
        Secret.from_hex("1273671EA26AC29AFA4D1084127652A1"),
        "123456789012345600000001",
    )
    algorithm = MacAlgorithm.AES_DUKPT
    world.host.profiles[TERMINAL] = msgspec.structs.replace(
        PROFILE, mac_algorithm=algorithm, mac_keys=(MacKey(1, initial),)
    )
    options = DialectOptions(ksn_in="59")
    await world.start_switch(channels=(ChannelSettings(port=0, options=options),))
    pad = des_encryptor(Secret.from_hex("630C706D9546E47D4449313F61C4D4AB"))
    clear = 0x041234FFFFFFFFFF ^ (int(CARD.pan.reveal()[-13:-1], 16) if control == "2" else 0)
    block = pad(clear.to_bytes(8)).hex().upper()
    fields = purchase_fields(1) | {"52": block, "53": f"{control}600000000000000", "59": serial}
    device = DukptMac(initial, Direction.DEVICE, algorithm).under(bytes.fromhex(serial))
    till = await world.connect()
    answer = await till.ask(say(fields, device.compute))
    assert answer.fields["39"] == "00"
    told = world.host.requests[-1].pin
    assert told is not None
    reader = device_of(initial, serial[:16]).pin_reader(told.ksn or "", len(told.block))
    assert reader.read(told.block, told.iso_format, CARD.pan) == Secret(b"1234")


@pytest.mark.parametrize(
    "wrong",
    [
        sale(5, sealed_under=4),
        sale(5, f59="FFFF9876543210E0000"),
        sale(5, f59="no KSN"),
        sale(5, f59="FFFF9876543210E00000"),
        sale(5, f59=ksn_of(5) + "00"),
        sale(5)[:-1] + b"!",
        sealed(purchase_fields(5), mac_of()),
        sealed(purchase_fields(5) | {"59": ksn_of(5)}, None),
    ],
    ids=["another's key", "too short", "no hex", "counter 0", "too long", "altered", "no KSN",
         "no MAC"],
)  # fmt: skip
async def test_what_its_ksn_does_not_prove_is_a0(till: PosTerminal, world: World, wrong: bytes):
    assert (await till.ask(wrong)).fields["39"] == "A0"
    assert world.host.requests == []


async def test_terminals_with_delivered_keys_share_the_channel(till: PosTerminal, world: World):
    world.host.profiles["80010002"] = profile_of("80010002")
    answer = await till.ask(sealed(purchase_fields(1, "80010002"), mac_of()))
    assert (answer.fields["39"], answer.is_sealed_by(mac_of())) == ("00", True)
    assert world.host.requests[-1].ksn is None


async def test_where_no_ksn_is_expected_none_is_taken(world: World):
    world.host.profiles[TERMINAL] = PROFILE
    await world.start_switch()
    till = await world.connect()
    assert (await till.ask(sale(1))).fields["39"] == "A0"


async def test_it_is_never_asked_to_sign_on(till: PosTerminal, world: World):
    """No sign-on brings it keys: it would be answered 40, and asked again."""
    refused = await till.ask(sale(5, sealed_under=4))
    world.host.decide = lambda _request: approval(reason=Reason.PIN_FORMAT, sign_on_again=True)
    declined = await till.ask(sale(7))
    for answer, code in ((refused, "A0"), (declined, "99")):
        assert (answer.fields["39"], answer.header[2] & 0x0F) == (code, 0)
