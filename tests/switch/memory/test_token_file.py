"""Used attestations on disk: one message a token, whichever process or life of one is asked."""

import json
import multiprocessing
import multiprocessing.queues
import multiprocessing.synchronize
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import trio
from cryptography.hazmat.primitives import serialization

from host.estate.demo import demo_estate
from host.model.requests import Kind
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from simulators.softpos import AttestationService, SoftPosApp
from simulators.trades import Trade
from switch.memory.token_file import TokenFile, TokenFileError
from switch.reload import What
from switch.settings import ChannelSettings
from terminals.attestation import (
    AttestationError,
    Attestations,
)
from terminals.dialects import DialectOptions
from terminals.dialects.softpos import sealed
from terminals.dukpt_session import Direction, DukptMac
from tests.peers.tokens import attested, bound_to
from tests.switch.conftest import World, framed
from tests.terminals.test_attestation import ED, INSTANCE, NOW, Clock

ESTATE = demo_estate()


class Phone:
    """Brings tokens to a process that has this file open."""

    def __init__(self, path: Path, clock: Clock, tokens_max: int = 100) -> None:
        self.file = TokenFile(path, clock, tokens_max).opened()
        self.tokens = Attestations({"ed": ED.public_key()}, clock=clock, used=self.file)

    def bring(self, msgid: str = "m1", body: bytes = b"one", issued: float = NOW) -> str:
        """Why it is refused; empty where it is not."""
        claims = {"sub": INSTANCE, "iat": int(issued), "nonce": bound_to(msgid)}
        token = attested(ED, "ed", verdict="pass", **claims)
        try:
            self.tokens.accept(token, instance=INSTANCE, msgid=msgid, message=body)
        except AttestationError as error:
            return str(error)
        return ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.db"


@pytest.fixture
def phone(path: Path, clock: Clock) -> Iterator[Phone]:
    phone = Phone(path, clock)
    yield phone
    phone.file.close()


def test_a_token_serves_one_message_in_every_process(phone: Phone, path: Path, clock: Clock):
    other = Phone(path, clock)
    assert phone.bring() == ""
    assert other.bring() == ""
    assert "used before" in other.bring(body=b"two")
    assert "used before" in phone.bring(body=b"two")
    other.file.close()


def test_a_restart_forgets_nothing(phone: Phone, path: Path, clock: Clock):
    assert phone.bring() == ""
    phone.file.close()
    clock.now += 1
    again = Phone(path, clock)
    assert "used before" in again.bring(body=b"two")
    assert again.bring() == ""
    assert again.bring("m2", issued=NOW) == "", "unused, and from before the restart"
    again.file.close()


def test_a_new_file_refuses_what_it_cannot_know(phone: Phone, path: Path, clock: Clock):
    assert phone.bring() == ""
    phone.file.close()
    for file in path.parent.glob("tokens.db*"):
        file.unlink()
    clock.now += 5
    again = Phone(path, clock)
    assert "older than our memory" in again.bring(body=b"two")
    assert again.bring("m2", issued=clock.now) == ""
    again.file.close()


def test_a_full_file_refuses_rather_than_forgets(path: Path, clock: Clock):
    phone = Phone(path, clock, tokens_max=2)
    assert [phone.bring(f"m{n}") for n in range(2)] == ["", ""]
    assert "too many" in phone.bring("m2")
    clock.now += 66
    assert phone.bring("m2", issued=clock.now) == ""
    phone.file.close()


def test_what_is_over_is_tidied_away_and_the_rest_kept(phone: Phone, path: Path, clock: Clock):
    phone.bring()
    clock.now += 600
    phone.bring("m2", issued=clock.now)
    clock.now += 1
    phone.file.tidy()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM used").fetchone() == (1,)
    assert "too old" in phone.bring()
    assert "used before" in phone.bring("m2", b"two", issued=clock.now - 1)


def test_a_file_that_is_locked_or_gone_refuses_and_does_not_fail(phone: Phone, path: Path):
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert "cannot be said now" in phone.bring()
        db.execute("ROLLBACK")
    assert phone.bring() == ""


def test_a_file_that_is_none_is_refused_with_the_cure(path: Path, clock: Clock):
    path.write_text("not a database, but long enough to be looked at as one" * 4)
    with pytest.raises(TokenFileError, match=r"tokens\.db: .* Next: "):
        TokenFile(path, clock).opened()


def test_nobody_else_may_read_it_and_it_holds_digests_only(phone: Phone, path: Path):
    phone.bring()
    phone.file.tidy()
    assert path.stat().st_mode & 0o077 == 0
    assert b"m1" not in path.read_bytes()


def _bring_many(
    path: Path,
    start: multiprocessing.synchronize.Event,
    told: "multiprocessing.queues.Queue[list[str]]",
) -> None:
    phone = Phone(path, Clock(), tokens_max=100_000)
    start.wait()
    body = multiprocessing.current_process().name.encode()
    told.put([phone.bring(f"m{n}", body) for n in range(200)])


def test_of_two_processes_at_once_one_has_each_token(path: Path, clock: Clock):
    TokenFile(path, clock).opened().close()
    spawn = multiprocessing.get_context("spawn")
    start, told = spawn.Event(), spawn.Queue()
    both = [spawn.Process(target=_bring_many, args=(path, start, told)) for _ in range(2)]
    for process in both:
        process.start()
    start.set()
    one, other = told.get(timeout=60), told.get(timeout=60)
    for process in both:
        process.join()
    assert all(sorted(map(bool, pair)) == [False, True] for pair in zip(one, other, strict=True))


async def test_a_reload_keeps_the_memory_of_a_channel_that_is_made_anew(world: World):
    row, [plan] = channel(world.home), [one for one in ESTATE.terminals if one.device][:1]
    assert plan.device is not None
    key = MacKey(1, plan.device.initial_key)
    world.host.profiles[plan.terminal_id] = TerminalProfile(
        terminal_id=plan.terminal_id,
        merchant_id=ESTATE.merchant_of(plan).merchant_id,
        epoch=plan.epoch,
        mac_algorithm=MacAlgorithm.AES_DUKPT,
        mac_keys=(key,),
    )
    await world.start_switch(channels=(row,))
    app = SoftPosApp(plan, ESTATE.merchant_of(plan), AttestationService(ED, kid="ed"))
    sent = app.trade(Trade(kind=Kind.PURCHASE, card=ESTATE.cards[0], amount_minor=100))
    assert await code_told(world, sent.payload) == "00"
    assert world.switch is not None
    options = msgspec.structs.replace(row.options, attestation_seconds_max=59.0)
    [change] = world.switch.reload((msgspec.structs.replace(row, options=options),))
    assert change.what is What.REPLACED
    assert await code_told(world, sent.payload) == "00"
    value = json.loads(sent.payload)
    value |= {"amount": 99_999, "ksn": f"{value['ksn'][:-1]}4"}
    del value["mac"]
    ksn, mac = bytes.fromhex(value["ksn"]), DukptMac(key.key, Direction.DEVICE)
    assert await code_told(world, sealed(value, ksn, mac)) == "63"
    assert len(world.host.requests) == 2


def channel(home: Path) -> ChannelSettings:
    """Phones on this machine, whose attestations the test signs."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = home / "ed.pem"
    pem.write_bytes(ED.public_key().public_bytes(serialization.Encoding.PEM, form))
    options = DialectOptions(attestation_keys={"ed": str(pem)})
    return ChannelSettings(name="phones", kind="softpos", port=0, options=options)


async def code_told(world: World, payload: bytes) -> str:
    """What an app is told on a connection of its own."""
    assert world.switch is not None
    [(_, address)] = world.switch.addresses()
    stream = await trio.open_tcp_stream("127.0.0.1", int(address.rpartition(":")[2]))
    async with stream:
        await stream.send_all(framed(payload))
        told = await stream.receive_some(65_536)
    code: str = json.loads(told[2:])["code"]
    return code
