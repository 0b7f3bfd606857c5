"""Files are brought to a real server by SFTP, whole or not at all, and to no other server."""

import contextlib
import hashlib
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearing.sending import AnotherDigestError, SendingError, is_acknowledged, send
from config.errors import SurroundingsError
from config.places import places_of
from config.run.sftp import Server, Sftp, open_delivery_key, public_line
from host.model.secrets import Secret
from tests.disks import fill, small_disk
from tests.sshd import Sshd, needs_sshd, new_host_key, sshd_at

pytestmark = needs_sshd
KEY = Secret(bytes(range(32)))
NAME = "20261122-merchant-888290054110001.txt"
CONTENT = random.Random(4217).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).digest()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd_at(tmp_path_factory.mktemp("sshd") / "home") as running:
        running.let_in(public_line(KEY))
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def inbox(server: Sshd, tmp_path: Path) -> Path:
    path = server.inbox / tmp_path.name
    path.mkdir()
    return path


def at(server: Sshd, inbox: Path, port: int | None = None) -> Server:
    return Server("127.0.0.1", port or server.port, server.login, server.host_key, str(inbox))


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir())


def test_a_file_comes_whole_and_over_what_had_its_name(
    server: Sshd, inbox: Path, source: Path
) -> None:
    (inbox / NAME).write_bytes(b"of before")
    with Sftp(at(server, inbox), KEY) as far:
        send(far, NAME, source)
        send(far, NAME, source)
    assert names(inbox) == [NAME]
    assert (inbox / NAME).read_bytes() == CONTENT


def test_what_is_there_whole_is_not_sent_twice(server: Sshd, inbox: Path, source: Path) -> None:
    (inbox / NAME).write_bytes(CONTENT)
    before = (inbox / NAME).stat()
    with Sftp(at(server, inbox), KEY) as far:
        send(far, NAME, source)
    assert (inbox / NAME).stat().st_ino == before.st_ino


def test_a_server_with_another_key_is_sent_nothing(
    server: Sshd, inbox: Path, source: Path, tmp_path: Path
) -> None:
    other = at(server, inbox)._replace(host_key=new_host_key(tmp_path, "other"))
    with (
        pytest.raises(SendingError, match="another key than the one that was agreed on"),
        Sftp(other, KEY) as far,
    ):
        send(far, NAME, source)
    assert names(inbox) == []


def test_a_server_that_does_not_know_our_key_lets_nobody_in(server: Sshd, inbox: Path) -> None:
    with (
        pytest.raises(SendingError, match=f"does not let {server.login} in by our key"),
        Sftp(at(server, inbox), Secret(bytes(32))),
    ):
        pass


def test_where_nobody_listens_is_said(server: Sshd, inbox: Path) -> None:
    with (
        pytest.raises(SendingError, match="port 1 does not answer: Connection refused"),
        Sftp(at(server, inbox, port=1), KEY),
    ):
        pass


def test_a_directory_that_is_not_there_is_said(server: Sshd, inbox: Path, source: Path) -> None:
    with (
        Sftp(at(server, inbox / "nowhere"), KEY) as far,
        pytest.raises(SendingError, match="could not be written: No such file"),
    ):
        send(far, NAME, source)


def test_a_server_that_takes_nothing_is_said(tmp_path: Path, source: Path) -> None:
    with sshd_at(tmp_path / "home", sftp="internal-sftp -R") as running:
        running.let_in(public_line(KEY))
        with (
            Sftp(at(running, running.inbox), KEY) as far,
            pytest.raises(SendingError, match="could not be written: Permission denied"),
        ):
            send(far, NAME, source)
        assert names(running.inbox) == []


def test_a_full_disk_there_leaves_no_file_by_its_name(
    server: Sshd, inbox: Path, source: Path
) -> None:
    with small_disk(inbox / "full") as full:
        fill(full / "filler", leave_bytes=100_000)
        with Sftp(at(server, full), KEY) as far, pytest.raises(SendingError):
            send(far, NAME, source)
        assert NAME not in names(full)
        (full / "filler").unlink()
        with Sftp(at(server, full), KEY) as far:
            send(far, NAME, source)
        assert (full / NAME).read_bytes() == CONTENT


def test_a_line_that_is_cut_half_way_leaves_no_file_by_its_name(
    server: Sshd, inbox: Path, source: Path
) -> None:
    with cut_after(server.port, 1_000_000) as port:
        with pytest.raises(SendingError), Sftp(at(server, inbox, port), KEY) as far:
            send(far, NAME, source)
        assert NAME not in names(inbox)
    with Sftp(at(server, inbox), KEY) as far:
        send(far, NAME, source)
    assert names(inbox) == [NAME]
    assert (inbox / NAME).read_bytes() == CONTENT


@contextlib.contextmanager
def cut_after(port: int, bytes_max: int) -> Iterator[int]:
    """A line to a port that dies after so many bytes of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            ours, _ = listening.accept()
            theirs = socket.create_connection(("127.0.0.1", port))
            back = threading.Thread(target=copy, args=(theirs, ours, 1 << 40))
            back.start()
            copy(ours, theirs, bytes_max)
            back.join()
            ours.close()
            theirs.close()

        line = threading.Thread(target=serve)
        line.start()
        yield listening.getsockname()[1]
        line.join()


def copy(source: socket.socket, target: socket.socket, bytes_max: int) -> None:
    """Then both ends are shut, so that the other way ends, too."""
    with contextlib.suppress(OSError):
        while bytes_max > 0 and (block := source.recv(min(bytes_max, 65_536))):
            target.sendall(block)
            bytes_max -= len(block)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("said", "is_so"),
    [(None, False), (b"", False), (DIGEST.hex().encode()[:20], False),
     (DIGEST.hex().upper().encode() + b"  " + NAME.encode() + b"\n", True)],
)  # fmt: skip
def test_an_acknowledgement_is_taken_once_it_is_whole(
    server: Sshd, inbox: Path, said: bytes | None, is_so: bool
) -> None:
    if said is not None:
        (inbox / f"{NAME}.ack").write_bytes(said)
    with Sftp(at(server, inbox), KEY) as far:
        assert is_acknowledged(far, NAME, DIGEST) == is_so


@pytest.mark.parametrize("said", [bytes(32).hex().encode(), b"x" * 5_000, b"\xff" * 64])
def test_an_acknowledgement_of_something_else_is_told(
    server: Sshd, inbox: Path, said: bytes
) -> None:
    (inbox / f"{NAME}.ack").write_bytes(said)
    with (
        Sftp(at(server, inbox), KEY) as far,
        pytest.raises(AnotherDigestError, match="the acknowledgement"),
    ):
        is_acknowledged(far, NAME, DIGEST)


def test_our_key_is_made_once_for_us_alone_and_shown_nowhere(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    places.secrets.mkdir(parents=True)
    key = open_delivery_key(places)
    assert key == open_delivery_key(places)
    assert places.delivery_key.stat().st_mode & 0o777 == 0o600
    assert key.reveal().hex() not in repr(key) + public_line(key)
    assert public_line(key).startswith("ssh-ed25519 AAAA")
    places.delivery_key.write_text("nothing of that kind")
    with pytest.raises(SurroundingsError, match="posswitch clearing delivery-key"):
        open_delivery_key(places)
