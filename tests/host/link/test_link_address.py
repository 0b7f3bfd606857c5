"""Where the link may stand, and that it never leaves the machine unencrypted."""

import stat
from contextlib import closing

import pytest

from host.link.address import Address, AddressError, connect, listen


@pytest.mark.parametrize("text", ["unix:/run/h.sock", "tcp:127.0.0.1:7000", "tcp:::1:7000"])
def test_an_address_reads_back(text):
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tcp:10.0.0.1:7000", "not encrypted"),
        ("tcp:0.0.0.0:7000", "not encrypted"),
        ("tcp:127.0.0.1:http", "write unix:PATH or tcp"),
        ("tcp:127.0.0.1:70000", "write unix:PATH or tcp"),
        ("unix:", "write unix:PATH or tcp"),
        ("host.sock", "write unix:PATH or tcp"),
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


def test_a_taken_port_is_named():
    with closing(listen(Address.parse("tcp:127.0.0.1:0"))) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressError, match=f"tcp:127.0.0.1:{port}: in use"):
            listen(Address.parse(f"tcp:127.0.0.1:{port}"))


async def test_connecting_to_nobody_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await connect(Address.parse(f"unix:{tmp_path / 'none.sock'}"))
