"""TLS on a channel: who is let in, who is not and is told why, and who may never see the switch."""

import datetime as dt
import socket
import ssl
import warnings

import msgspec
import pytest
import trio
from structlog.testing import capture_logs

from switch.channels import ChannelSettings, TlsSettings
from switch.wire.tls import TlsFileError, tls_of
from tests.switch.certificates import Authority
from tests.switch.conftest import PosTerminal, purchase

EXPIRED = dt.timedelta(days=-1)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def mutual(authority):
    certificate, key = authority.issue("localhost")
    return TlsSettings(
        certificate=str(certificate),
        key=str(key),
        client_ca=str(authority.file),
        require_client=True,
    )


def client_context(authority, shown=None):
    context = ssl.create_default_context(cafile=authority.file)
    if shown:
        context.load_cert_chain(*shown)
    return context


async def connect(world, context):
    plain = await world.connect()
    stream = trio.SSLStream(plain.stream, context, server_hostname="localhost")
    return PosTerminal(stream)  # type: ignore[arg-type]


async def is_refused(terminal):
    """Whether the switch breaks the connection off instead of answering."""
    try:
        await terminal.send(purchase())
        return not await terminal.stream.receive_some()
    except (trio.BrokenResourceError, ssl.SSLError):
        return True


def count(world, name, **labels):
    return world.switch.metrics.registry.get_sample_value(f"posswitch_switch_{name}", labels) or 0


async def test_a_terminal_with_a_certificate_trades(world, authority, mutual):
    await world.start_switch(channel_tls=mutual)
    terminal = await connect(world, client_context(authority, authority.issue("app-1")))
    for stan in range(1, 4):
        assert (await terminal.ask(purchase(stan))).fields["39"] == "00"


async def test_many_messages_in_one_record_and_one_message_in_many(world, authority, mutual):
    await world.start_switch(channel_tls=mutual)
    terminal = await connect(world, client_context(authority, authority.issue("app-1")))
    await terminal.send(*(purchase(stan) for stan in range(1, 101)))
    assert {int((await terminal.receive()).stan) for _ in range(100)} == set(range(1, 101))
    payload = purchase(200)
    for byte in len(payload).to_bytes(2) + payload:
        await terminal.stream.send_all(bytes([byte]))
    assert (await terminal.receive()).stan == "000200"


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("nothing", "TLS: no client certificate"),
        ("an expired one", "TLS: certificate expired"),
        ("a stranger's", "TLS: certificate of an unknown authority"),
    ],
)
async def test_who_shows_no_good_certificate_is_refused_and_the_reason_counted(
    world, authority, mutual, tmp_path, shown, reason
):
    (tmp_path / "other").mkdir()
    certificates = {
        "nothing": None,
        "an expired one": authority.issue("late", valid_for=EXPIRED),
        "a stranger's": Authority(tmp_path / "other", "stranger").issue("app-1"),
    }
    await world.start_switch(channel_tls=mutual)
    terminal = await connect(world, client_context(authority, certificates[shown]))
    with capture_logs() as logged:
        assert await is_refused(terminal)
    [line] = [line for line in logged if line["event"] == "TLS refused"]
    assert line["why"].startswith(reason.removeprefix("TLS: "))
    assert count(world, "connections_refused_total", channel="pos", why=reason) == 1
    assert world.host.requests == []
    honest = await connect(world, client_context(authority, authority.issue("app-2")))
    assert (await honest.ask(purchase())).fields["39"] == "00"


async def test_a_revoked_certificate_is_refused_from_the_next_reload_on(world, authority, mutual):
    lost, kept = authority.issue("lost"), authority.issue("kept")
    listed = msgspec.structs.replace(mutual, revoked=str(authority.revoke()))
    await world.start_switch(channel_tls=listed)
    both = [await connect(world, client_context(authority, each)) for each in (lost, kept)]
    for stan, terminal in enumerate(both, 1):
        assert (await terminal.ask(purchase(stan))).fields["39"] == "00"
    authority.revoke(lost[0])
    world.switch.reload(world.switch.settings.channels)
    assert await is_refused(await connect(world, client_context(authority, lost)))
    reason = "TLS: certificate revoked"
    assert count(world, "connections_refused_total", channel="pos", why=reason) == 1
    honest = await connect(world, client_context(authority, kept))
    assert (await honest.ask(purchase(9))).fields["39"] == "00"


async def test_a_revocation_list_out_of_date_lets_nobody_in_and_says_so(world, authority, mutual):
    listed = msgspec.structs.replace(
        mutual, revoked=str(authority.revoke(valid_for=-dt.timedelta(days=1)))
    )
    with capture_logs() as logged:
        await world.start_switch(channel_tls=listed)
    assert [line for line in logged if "out of date" in line["event"]]
    assert await is_refused(
        await connect(world, client_context(authority, authority.issue("app-1")))
    )
    reason = "TLS: revocation list out of date"
    assert count(world, "connections_refused_total", channel="pos", why=reason) == 1


def test_what_is_no_revocation_list_is_named(authority, mutual):
    listed = msgspec.structs.replace(mutual, revoked=str(authority.file))
    with pytest.raises(TlsFileError, match=r"tls.revoked .* Next: name a PEM file"):
        tls_of(ChannelSettings(tls=listed))


async def test_a_terminal_without_tls_is_refused(world, mutual):
    await world.start_switch(channel_tls=mutual)
    terminal = await world.connect()
    await terminal.send(purchase())
    assert (await terminal.stream.receive_some())[:1] in {b"", b"\x15"}  # an alert at most
    assert count(world, "connections_refused_total", channel="pos", why="TLS: not TLS") == 1


async def test_a_handshake_that_never_ends_is_closed(world, mutual):
    await world.start_switch(channel_tls=mutual, channel_frame_seconds_max=0.2)
    silent, halting = await world.connect(), await world.connect()
    await halting.stream.send_all(b"\x16\x03\x01\x02\x00")
    assert await silent.receive() is None
    assert await halting.receive() is None


async def test_a_server_certificate_alone_lets_everybody_in(world, authority):
    certificate, key = authority.issue("localhost")
    await world.start_switch(channel_tls=TlsSettings(certificate=str(certificate), key=str(key)))
    terminal = await connect(world, client_context(authority))
    assert (await terminal.ask(purchase())).fields["39"] == "00"


async def test_an_old_version_of_tls_is_refused(world, authority, mutual):
    await world.start_switch(channel_tls=mutual)
    context = client_context(authority, authority.issue("app-1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert await is_refused(await connect(world, context))
    why = "TLS: TLS version too old"
    assert count(world, "connections_refused_total", channel="pos", why=why) == 1


async def test_we_call_a_gateway_by_tls_only_if_it_is_the_one_named(world, authority):
    ours, key = authority.issue("switch")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.issue("localhost"))
    server.load_verify_locations(authority.file)
    server.verify_mode = ssl.CERT_REQUIRED
    await world.start_switch(
        channel_connect_to=f"localhost:{port}",
        channel_tls=TlsSettings(certificate=str(ours), key=str(key), client_ca=str(authority.file)),
    )
    with listener:
        sock = trio.socket.from_stdlib_socket((await trio.to_thread.run_sync(listener.accept))[0])
    world.keep(plain := trio.SocketStream(sock))
    gateway = PosTerminal(trio.SSLStream(plain, server, server_side=True))  # type: ignore[arg-type]
    assert (await gateway.ask(purchase())).fields["39"] == "00"


@pytest.mark.parametrize("broken", ["certificate", "key", "client_ca"])
def test_a_file_that_cannot_be_used_is_named(mutual, broken, tmp_path):
    (tmp_path / "nonsense.pem").write_text("nonsense")
    values = {
        name: str(tmp_path / "nonsense.pem") if name == broken else getattr(mutual, name)
        for name in ("certificate", "key", "client_ca")
    }
    row = ChannelSettings(tls=TlsSettings(**values, require_client=True))
    with pytest.raises(TlsFileError, match=rf"channel pos: .*tls.{broken} .*nonsense.*Next: "):
        tls_of(row)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(mutual, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    locked = tmp_path / "locked.key"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
    )
    row = ChannelSettings(tls=TlsSettings(certificate=mutual.certificate, key=str(locked)))
    with pytest.raises(TlsFileError, match="the key has a passphrase"):
        tls_of(row)
