"""Where the link may stand, and that it never leaves the machine unencrypted."""

import os
import stat
import subprocess
import sys
from contextlib import closing

import pytest
import trio

from host.link.address import Address, AddressError, connect, listen
from host.server import serve

BECOME_NOBODY = (
    "import os, socket, sys; os.setgroups([]); os.setresgid(*[65534] * 3);"
    " os.setresuid(*[65534] * 3); "
)
"""A program does it itself, for nobody may have no way to the interpreter."""


@pytest.mark.parametrize(
    "text",
    [
        "unix:/run/h.sock",
        "unix:/a b/c.sock",
        "tls:10.0.0.1:7000",
        "tls:[::1]:7000",
        "tls:host.example:7000",
    ],
)
def test_an_address_reads_back(text):
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tcp:10.0.0.1:7000", "every user of this machine.* Next: write tls:HOST:PORT"),
        ("tcp:127.0.0.1:7000", "every user of this machine.* Next: write tls:HOST:PORT"),
        ("tcp:::1:7000", "every user of this machine.* Next: write tls:HOST:PORT"),
        ("tls:10.0.0.1", "write unix:PATH or tls:HOST:PORT"),
        ("tls::7000", "write unix:PATH or tls:HOST:PORT"),
        ("tls:::1:7000", "write unix:PATH or tls:HOST:PORT"),
        ("tls:10.0.0.1:70000", "write unix:PATH or tls:HOST:PORT"),
        ("tls:10.0.0.1:0", "write unix:PATH or tls:HOST:PORT"),
        ("unix:", "write unix:PATH"),
        ("host.sock", "write unix:PATH"),
        ("unix:/" + "x" * 107, "shorter directory"),
    ],
)
def test_an_unusable_address_says_what_to_write(text, says):
    with pytest.raises(AddressError, match=says):
        Address.parse(text)


def test_the_socket_belongs_to_its_owner_alone(tmp_path):
    path = tmp_path / "h.sock"
    with closing(listen(Address.parse(f"unix:{path}"))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(tmp_path):
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    listen(address).close()
    with closing(listen(address)), pytest.raises(AddressError, match="in use"):
        listen(address)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "h.sock"
    path.write_text("precious")
    with pytest.raises(AddressError, match="not a socket"):
        listen(Address.parse(f"unix:{path}"))
    assert path.read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_is_told_nothing_even_where_the_socket_lets_them_in(tmp_path):
    """The kernel says who is at the other end, whatever the modes of files say."""
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    with closing(listen(address)) as listener:
        for path in (tmp_path / "h.sock", tmp_path, *tmp_path.parents[:2]):
            path.chmod(0o777)
        code = BECOME_NOBODY + (
            "s = socket.socket(socket.AF_UNIX); s.settimeout(10);"
            " s.connect(sys.argv[1]); print(s.recv(100))"
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, [listener], _never, _never)
            done = await trio.run_process(
                [sys.executable, "-c", code, address.path],
                capture_stdout=True,
            )
            nursery.cancel_scope.cancel()
    assert done.stdout == b"b''\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_switch_says_nothing_to_another_users_host(tmp_path):
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o777)
    address = Address.parse(f"unix:{tmp_path / 'h.sock'}")
    code = BECOME_NOBODY + (
        "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen();"
        " print('up', flush=True); s.accept(); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: ASYNC220 - it only waits
        [sys.executable, "-c", code, address.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(PermissionError, match="another user"):
            await connect(address)
        other.kill()


def _never(*_words):
    raise AssertionError("nobody was let in")


async def test_connecting_to_nobody_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await connect(Address.parse(f"unix:{tmp_path / 'none.sock'}"))
