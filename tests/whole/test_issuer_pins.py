"""A PIN typed at a till and checked by an external issuer: nobody between them has read it.

Every program is real. The estate's secrets are made for this test, and what was written is
searched for them: the PIN, its clear block, both encrypted blocks, and all keys.
"""

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator

import msgspec
import pytest
import trio

from host.estate.demo import EXTERNAL, EXTERNAL_TERMINALS, demo_estate, external_cards
from host.estate.plan import EstatePlan, ZoneKeyPlan
from host.hsm.keys import new_key
from host.hsm.pin import clear_block
from host.hsm.vault import load_lmk
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.issuer import Book, Fields, Issuer, IssuerSettings
from tests.whole.house import House, command, standing, wait_until
from tests.whole.scanner import files_below, patterns_of, scan
from tests.whole.till import Till, Voice, fields_in

PIN, WRONG_PIN = Secret(b"739150628413"), Secret(b"604817293516")
ZONE = ZoneKeyPlan(name="far", key=new_key(16))
CARD = msgspec.structs.replace(external_cards()[0], pin=PIN)


@dataclasses.dataclass
class Witness(Book):
    """An issuer's book that remembers what was asked."""

    asked: list[Fields] = dataclasses.field(default_factory=list)

    def decide(self, asked: Fields, now: dt.datetime) -> Fields:
        """As the book, once it is remembered."""
        self.asked.append(asked)
        return super().decide(asked, now)


@dataclasses.dataclass
class Listening:
    """An issuer's host, and where."""

    issuer: Issuer
    asked: list[Fields]
    port: int


@pytest.fixture(scope="module")
def far() -> Iterator[Listening]:
    issuer, stop = Issuer(IssuerSettings(), (CARD,), zone_key=ZONE.key), trio.CancelScope()
    plain = issuer.book
    issuer.book = Witness(plain.balances, pins=plain.pins, reads_pin=plain.reads_pin)
    ready: list[trio.lowlevel.TrioToken] = []

    async def run() -> None:
        ready.append(trio.lowlevel.current_trio_token())
        with stop:
            await issuer.run()

    port = issuer.listen()
    thread = threading.Thread(target=trio.run, args=(run,))
    thread.start()
    yield Listening(issuer, issuer.book.asked, port)
    ready[0].run_sync_soon(stop.cancel)
    thread.join()
    assert not issuer.failures, issuer.failures.counts


@pytest.fixture(scope="module")
def estate() -> EstatePlan:
    return msgspec.structs.replace(demo_estate(), zone_keys=(ZONE,))


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, far: Listening, estate: EstatePlan
) -> Iterator[House]:
    row = (
        'level = "debug"\n[[issuers]]\nname = "far"\n'
        f'issuer_id = "{EXTERNAL.institution_id}"\n'
        f'prefixes = ["{EXTERNAL.pan_prefix}"]\naddresses = ["127.0.0.1:{far.port}"]\n'
        f'pin_zone = "{ZONE.name}"\n'
    )
    house = House(tmp_path_factory.mktemp("pins") / "data", estate, log=row)
    with standing(house):
        yield house


@pytest.fixture(scope="module")
def voice(house: House, estate: EstatePlan) -> Voice:
    voice = Voice(estate, EXTERNAL_TERMINALS[0])
    with Till(house.port) as till:
        voice.use(voice.new_keys(till.ask(voice.sign_on())))
        wait_until(lambda: sell(till, voice, PIN)["39"] != "91", "the issuer's line is not up")
    return voice


def sell(till: Till, voice: Voice, pin: Secret, amount_minor: int = 100) -> Fields:
    fields = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), CARD, amount_minor=amount_minor, pin=pin
    )
    return fields_in(till.ask(voice.sealed(fields)))


def test_the_right_pin_is_approved_and_a_wrong_one_is_55(
    house: House, voice: Voice, far: Listening
) -> None:
    with Till(house.port) as till:
        before = far.issuer.moved_minor(CARD)
        assert sell(till, voice, WRONG_PIN, 5_000)["39"] == "55"
        assert sell(till, voice, PIN, 1_234)["39"] == "00"
        assert far.issuer.moved_minor(CARD) == before - 1_234


def test_a_zone_key_is_listed_by_its_check_value(house: House) -> None:
    listed = command("keys", "list", ZONE.name, data=house.places.data).stdout
    assert "zpk" in listed
    assert "P0 T E" in listed
    assert ZONE.key.reveal().hex().upper() not in listed.upper()


def test_no_pin_no_block_and_no_zone_key_stands_in_any_file(
    house: House, voice: Voice, far: Listening
) -> None:
    assert voice.pik is not None
    blobs = {"zone key": ZONE.key.reveal(), "PIK": voice.pik.reveal()}
    blobs |= {f"block at the issuer {n}": bytes.fromhex(a["52"]) for n, a in enumerate(far.asked)}
    blobs |= {
        f"clear block of {name}": clear_block(pin, CARD.pan, 0).reveal()
        for name, pin in (("the PIN", PIN), ("the wrong PIN", WRONG_PIN))
    }
    digits = {"PIN": PIN.reveal().decode(), "wrong PIN": WRONG_PIN.reveal().decode()}
    lmk = load_lmk(house.places.lmk).reveal()
    patterns = patterns_of(digits, blobs | {"LMK": lmk})
    files = files_below(house.places.data)
    assert {"switch-routes.db", "switch.log", "host.log"} <= {file.name for file in files}
    found = {(one.secret, one.file.name) for one in scan(files, patterns)}
    assert found == {("LMK", "lmk")}  # which shows that it looks
