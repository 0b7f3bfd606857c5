"""The link between two machines: who proves a known key is served, and nobody else hears a word."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable
from contextlib import closing

import pytest
import trio
from structlog.testing import capture_logs

from host.entrance import (
    HANDSHAKE_SECONDS_MAX,
    HANDSHAKES_MAX,
    REFUSALS_TOLD_MAX,
    Entrance,
)
from host.link.address import Address, AddressError, listen
from host.link.client import HostLink, LinkLimits
from host.link.credentials import Credentials, CredentialsError
from host.link.frames import Hello, LinkReader, encode
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile
from host.server import serve
from tests.host.link.ends import PATIENCE_SECONDS, End, client_context, heard_by
from tests.host.link.test_host_link import Asker
from tests.ports import free_port

KEY = Secret.from_hex("2568ADE013579BDF")
PROFILE = TerminalProfile(
    terminal_id="80010001",
    merchant_id="888290054110001",
    epoch="000012",
    mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
    mac_keys=(MacKey(1, KEY),),
)
LIMITS = LinkLimits(beat_seconds=0.05, silence_seconds_max=5.0, retry_seconds_max=0.1)


class Door:
    """A host behind TLS that knows one terminal."""

    def __init__(self, nursery: trio.Nursery, host: End) -> None:
        self.nursery = nursery
        self.address = Address(host="127.0.0.1", port=free_port())
        self.credentials = Credentials(host.settings)
        self._listener = listen(self.address)
        nursery.start_soon(self._serve)

    async def _serve(self) -> None:
        with closing(self._listener):
            await serve([self._listener], _never, _found, self.credentials)

    async def asked(self, context: ssl.SSLContext | None, said: bytes = b"") -> bytes:
        """What a plain socket of another program hears."""
        said = said or encode(Hello())
        with trio.fail_after(PATIENCE_SECONDS):
            return await trio.to_thread.run_sync(heard_by, self.address.port, context, said)

    def linked(self, switch: End) -> HostLink:
        """A switch that calls."""
        credentials = Credentials(switch.settings, calls="127.0.0.1")
        link = HostLink(self.address, LIMITS, credentials=credentials)
        self.nursery.start_soon(link.run)
        return link


@pytest.fixture
def host(tmp_path):
    return End(tmp_path, "host")


@pytest.fixture
def switch(tmp_path, host):
    made = End(tmp_path, "switch-1")
    host.knows(made)
    made.knows(host)
    return made


@pytest.fixture
async def door(nursery, host, switch):
    assert switch.pin in host.pins.read_text()
    yield Door(nursery, host)
    nursery.cancel_scope.cancel()


async def test_a_switch_on_another_machine_is_given_a_terminals_keys(door, switch):
    """Both ends prove a key that the other has pinned; the host's log names who came."""
    with capture_logs() as logs:
        link = door.linked(switch)
        assert await _terminal(link) == PROFILE
    [came] = [row for row in logs if row["event"] == "a switch connected"]
    assert came["switch"] == "switch-1"
    assert [row["host"] for row in logs if row["event"] == "host link up"] == ["host"]


async def test_p256_keys_serve_as_well(nursery, tmp_path):
    host, switch = End(tmp_path, "h", is_p256=True), End(tmp_path, "s", is_p256=True)
    host.knows(switch)
    switch.knows(host)
    assert await _terminal(Door(nursery, host).linked(switch)) == PROFILE
    nursery.cancel_scope.cancel()


async def test_a_plain_socket_with_the_key_is_served_over_tls_1_3_alone(door, switch):
    """Another program's TLS: our hello is the first thing that it hears."""

    def talk(context: ssl.SSLContext) -> tuple[str | None, bytes]:
        with (
            socket.create_connection(("127.0.0.1", door.address.port), PATIENCE_SECONDS) as plain,
            context.wrap_socket(plain) as sock,
        ):
            sock.sendall(encode(Hello()))
            return sock.version(), sock.recv(4096)

    version, heard = await trio.to_thread.run_sync(talk, client_context(switch))
    assert version == "TLSv1.3"
    assert LinkReader().feed(heard) == [Hello()]
    old = client_context(switch)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert await door.asked(old) == b"TLSV1_ALERT_PROTOCOL_VERSION"


async def test_whoever_has_no_pinned_key_hears_nothing(door, switch, tmp_path):
    """Any local user may reach the port: without a key there is not even a hello."""
    stranger = End(tmp_path, "switch-1-too")
    thief = client_context(None)
    with pytest.raises(ssl.SSLError):  # the certificate alone, without its key
        thief.load_cert_chain(switch.certificate, stranger.key)
    with capture_logs() as logs:
        assert not LinkReader().feed((await door.asked(None))[7:])  # an alert of TLS at most
        assert b"REQUIRED" in await door.asked(client_context(None))
        assert await door.asked(client_context(stranger)) == b"TLSV1_ALERT_UNKNOWN_CA"
    why = [row["why"] for row in logs if row["event"] == "a switch was refused"]
    assert [text.partition(" (")[0] for text in why] == [
        "not TLS",
        "no client certificate",
        "certificate of an unknown authority",
    ]
    assert all("Next:" in text for text in why)
    assert all(row["log_level"] == "error" for row in logs if "why" in row)
    assert "posswitch link trust NAME PIN" in why[2]


async def test_a_certificate_that_a_pinned_key_signed_for_another_key_is_refused(
    door, switch, tmp_path
):
    heir = End(tmp_path, "heir", signer=switch)
    with capture_logs() as logs:
        assert await door.asked(client_context(heir)) == b""
    [why] = [row["why"] for row in logs if row["event"] == "a switch was refused"]
    assert why.startswith("certificate of an unknown authority")


async def test_a_certificate_past_its_date_is_refused(door, switch):
    switch.renew(dt.timedelta(days=-1))
    with capture_logs() as logs:
        assert await door.asked(client_context(switch)) == b"SSLV3_ALERT_CERTIFICATE_EXPIRED"
    [told] = [row["why"] for row in logs if row["event"] == "a switch was refused"]
    assert told.startswith("certificate expired (")
    assert "posswitch link certificate" in told


async def test_a_switch_tells_a_host_of_another_key_nothing(nursery, switch, tmp_path):
    """The host's port was taken by another user: the switch does not even say hello."""
    impostor = End(tmp_path, "impostor")
    impostor.knows(switch)
    with capture_logs() as logs:
        door = Door(nursery, impostor)
        link = door.linked(switch)
        await _until(lambda: any(row["event"] == "no link to the host" for row in logs))
    assert not link.is_up
    [row] = [row for row in logs if row["event"] == "no link to the host"]
    assert "certificate of an unknown authority" in row["why"]
    assert "Next:" in row["why"]
    assert all(row["event"] != "a switch connected" for row in logs)
    nursery.cancel_scope.cancel()


async def test_a_switch_that_is_not_taken_says_so_once_and_what_to_do(
    door, tmp_path, host, monkeypatch
):
    stranger = End(tmp_path, "stranger")
    stranger.knows(host)
    refused: list[Exception] = []
    tell = HostLink._tell_refusal

    def counted(self: HostLink, error: Exception) -> None:
        refused.append(error)
        tell(self, error)

    monkeypatch.setattr(HostLink, "_tell_refusal", counted)
    with capture_logs() as logs:
        link = door.linked(stranger)
        await _until(lambda: len(refused) > 2)
    assert not link.is_up
    [row] = [row for row in logs if row["event"] == "no link to the host"]
    assert f"posswitch link trust stranger {stranger.pin}" in row["why"]


async def test_two_pins_let_a_key_be_changed_without_a_pause(door, switch, host, tmp_path):
    """Rotation: old and new are both known until the old one is taken out, then it is let go."""
    new = End(tmp_path, "switch-1b")
    new.knows(host)
    host.knows(switch, new)
    before = door.linked(switch)
    await _terminal(before)
    door.credentials.use(door.credentials.read())
    after = door.linked(new)
    assert await _terminal(after) == PROFILE
    assert before.is_up
    assert before.connections_made == 1
    host.knows(new)
    with capture_logs() as logs:
        door.credentials.use(door.credentials.read())
        await _until(lambda: not before.is_up)
    assert after.connections_made == 1
    [left] = [row for row in logs if row["event"] == "a switch left"]
    assert left["switch"] == "switch-1"


async def test_a_switch_lets_go_of_a_host_whose_pin_is_gone(door, switch):
    link = door.linked(switch)
    await _terminal(link)
    switch.knows()
    assert link._credentials is not None
    link._credentials.use(link._credentials.read())
    await _until(lambda: not link.is_up)


async def test_strangers_who_stall_in_the_handshake_keep_nobody_out(door, switch):
    """They have a few places among themselves; of many, the oldest goes when another comes."""
    stalled = [await _dialled(door.address.port) for _ in range(HANDSHAKES_MAX + 8)]
    try:
        assert await _terminal(door.linked(switch)) == PROFILE
        with trio.fail_after(PATIENCE_SECONDS):
            for sock in stalled[:8]:
                await trio.lowlevel.wait_readable(sock)
                assert sock.recv(1) == b""
    finally:
        for sock in stalled:
            sock.close()


async def test_a_handshake_has_a_deadline(mock_clock, nursery, host):
    door = Door(nursery, host)
    with closing(await _dialled(door.address.port)) as sock:
        await trio.testing.wait_all_tasks_blocked(0.05)
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        mock_clock.jump(HANDSHAKE_SECONDS_MAX)
        await trio.lowlevel.wait_readable(sock)
        assert sock.recv(1) == b""
    nursery.cancel_scope.cancel()


async def test_many_refusals_at_once_do_not_fill_the_log(mock_clock):
    entrance = Entrance(None)
    with capture_logs() as logs:
        for _ in range(1_000):
            entrance.tell_refusal("10.0.0.1:1", "not TLS")
        mock_clock.jump(1)
        entrance.tell_refusal("10.0.0.1:1", "not TLS")
    assert len(logs) == REFUSALS_TOLD_MAX + 1
    assert logs[-1]["untold_before"] == 1_000 - REFUSALS_TOLD_MAX


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        ("switch-1\n", "line 1 is not NAME PIN"),
        ("\n# x\nswitch-1 AAAA\n", "line 3: the pin of switch-1 is no Ed25519 or P-256"),
        ("ünder MCowBQYDK2VwAyEA\n", "line 1: 'ünder' is no name"),
    ],
)
def test_a_file_of_pins_that_makes_no_sense_names_its_line(host, pins, says):
    host.pins.write_text(pins)
    with pytest.raises(CredentialsError, match=says):
        Credentials(host.settings)


def test_a_reload_that_fails_changes_nothing(host, switch):
    credentials = Credentials(host.settings)
    host.pins.write_text("nonsense\n")
    with pytest.raises(CredentialsError):
        credentials.read()
    assert list(credentials._held.pins) == [switch.spki]


def test_our_own_certificate_past_its_date_is_refused_with_what_to_do(host):
    host.renew(dt.timedelta(days=-2))
    with pytest.raises(CredentialsError, match=r"past its date .* posswitch link certificate host"):
        Credentials(host.settings)


def test_a_key_that_others_may_read_is_refused(host):
    host.key.chmod(0o640)
    with pytest.raises(CredentialsError, match=r"may be read by others\. Next: chmod 600"):
        Credentials(host.settings)


def test_a_certificate_of_another_kind_is_refused(host, switch):
    host.renew(signer=switch)
    with pytest.raises(CredentialsError, match="was not made for the link"):
        Credentials(host.settings)


@pytest.mark.usefixtures("switch")
async def test_a_certificate_that_ends_soon_is_spoken_of_every_day(host, mock_clock, nursery):
    host.renew(dt.timedelta(days=29, hours=1))
    with capture_logs() as logs:
        credentials = Credentials(host.settings)
        nursery.start_soon(credentials.watch)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(2 * 86_400)
        await trio.testing.wait_all_tasks_blocked()
    told = [row for row in logs if row["event"].startswith("our link certificate ends")]
    assert len(told) == 2
    assert all(row["log_level"] == "warning" and row["days"] == 29 for row in told)
    nursery.cancel_scope.cancel()


def test_nothing_of_the_key_is_in_what_is_held(host):
    credentials = Credentials(host.settings)
    secret = host.key.read_text().splitlines()[1]
    assert secret not in f"{credentials!r} {credentials._held!r} {host.settings!r}"


def test_a_port_that_is_taken_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(AddressError, match="somebody listens there already"):
            listen(address)


async def _terminal(link: HostLink) -> TerminalProfile | None:
    """What the host says of the one terminal, once the link stands."""
    fates: list = []
    with trio.fail_after(PATIENCE_SECONDS):
        await link.up.wait()
    assert link.find(PROFILE.terminal_id, Asker(fates, 0))
    await _until(lambda: bool(fates))
    return fates[0][1]


async def _until(question: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while not question():  # noqa: ASYNC110 - what it asks has no event
            await trio.sleep(0.01)


async def _dialled(port: int) -> socket.socket:
    sock = await trio.to_thread.run_sync(socket.create_connection, ("127.0.0.1", port))
    sock.settimeout(0)
    return sock


async def _found(_terminal_id: str) -> TerminalProfile | None:
    return PROFILE


def _never(*_words):
    raise AssertionError("nobody asked")
