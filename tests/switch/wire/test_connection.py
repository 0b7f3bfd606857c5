"""A connection whose peer does not read, and one that ends while answers are on their way."""

import socket
from contextlib import closing

import pytest

from switch.settings import ChannelSettings
from switch.wire.connection import Connection, Outboxes
from switch.wire.poller import Poller
from terminals.framing import BE2, FrameReader

FRAME = b"\0\x15" + bytes(21)


class Owner:
    """A channel that remembers."""

    def __init__(self, settings: ChannelSettings) -> None:
        self.settings = settings
        self.outboxes = Outboxes()
        self.is_rated = False
        self.poller = Poller(self.outboxes.flush)
        self.length_codec = BE2
        self.taken: list[bytes] = []
        self.reasons: list[str] = []
        self.lost_answers = 0

    def take(self, _connection, payloads):
        self.taken += payloads

    def heard(self, _connection, *, is_mid_frame, had_frames):
        self.last_heard = (is_mid_frame, had_frames)

    def closed(self, _connection, why):
        self.reasons.append(why)

    def undelivered(self):
        self.lost_answers += 1


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    owner = Owner(ChannelSettings(outbox_bytes_max=20_000, unanswered_max=3))
    connection = Connection(owner, ours, "peer", FrameReader(takes_keep_alive=True))  # type: ignore[arg-type]
    with closing(theirs):
        yield owner, connection, theirs
        connection.close("test is over")
        owner.poller.close()


def test_a_peer_that_does_not_read_is_let_go(pair):
    owner, connection, _ = pair
    for _ in range(100):
        connection.send(bytes(1000))
        owner.outboxes.flush()
        if not connection.is_open:
            break
    assert owner.reasons == ["answers are not read"]


def test_what_did_not_fit_is_written_when_the_peer_reads_on(pair):
    owner, connection, theirs = pair
    for number in range(15):
        connection.send(bytes([number]) * 1000)
    owner.outboxes.flush()
    received = b""
    while len(received) < 15 * 1002:
        for key, ready in owner.poller._selector.select(0):
            key.data(ready)
        received += theirs.recv(4096)
    assert received == b"".join(b"\x03\xe8" + bytes([number]) * 1000 for number in range(15))
    assert connection.is_open


def test_all_answers_of_a_turn_leave_in_one_write(pair):
    owner, connection, theirs = pair
    connection.send(b"one")
    connection.send(b"two")
    with pytest.raises(BlockingIOError):
        theirs.recv(100)
    owner.outboxes.flush()
    assert theirs.recv(100) == b"\0\x03one\0\x03two"


def test_a_peer_with_too_many_unanswered_messages_is_not_read(pair):
    owner, connection, theirs = pair
    theirs.send(FRAME * 3)
    connection.on_ready(1)
    assert len(owner.taken) == 3
    theirs.send(FRAME)
    assert owner.poller._selector.select(0) == []
    connection.send(b"answer")
    owner.outboxes.flush()
    for key, ready in owner.poller._selector.select(0):
        key.data(ready)
    assert len(owner.taken) == 4


def test_silence_makes_room_as_an_answer_does(pair):
    owner, connection, theirs = pair
    theirs.send(FRAME * 3)
    connection.on_ready(1)
    connection.stay_silent()
    owner.outboxes.flush()
    theirs.send(FRAME)
    for key, ready in owner.poller._selector.select(0):
        key.data(ready)
    assert len(owner.taken) == 4


def test_answers_to_a_closed_connection_are_undelivered(pair):
    owner, connection, theirs = pair
    theirs.send(FRAME * 2)
    connection.on_ready(1)
    connection.send(b"waits in the outbox")
    connection.close("gone")
    connection.send(b"comes too late")
    assert owner.lost_answers == 2


def test_a_peer_that_ends_inside_a_frame_is_closed(pair):
    owner, connection, theirs = pair
    theirs.send(FRAME[:5])
    theirs.shutdown(socket.SHUT_WR)
    connection.on_ready(1)
    assert owner.last_heard == (True, False)
    connection.on_ready(1)
    assert owner.reasons == ["closed by peer inside a frame"]
