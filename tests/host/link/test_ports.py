"""Who cannot listen at a port says why, and what to do: no two reasons have one advice."""

import errno
import os
import socket
from pathlib import Path

import pytest

from config.errors import code_of
from host.link import ports
from host.link.ports import PortError, port_error


def refused(number: int, host: str = "127.0.0.1") -> PortError:
    return port_error("channel pos", host, 583, OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    ("number", "why", "cure"),
    [
        (errno.EACCES, "this user may not take that port", "write one above 1023"),
        (errno.EADDRINUSE, "somebody listens there already", "ss -ltnp 'sport = :583' shows who"),
        (errno.EADDRNOTAVAIL, "no address of this machine", "write one that it has"),
        (errno.EAFNOSUPPORT, "this machine speaks no IPv6", "write an address of IPv4"),
        (errno.ENOBUFS, os.strerror(errno.ENOBUFS), "write another host or port"),
    ],
)
def test_each_reason_has_its_own_sentence_and_its_own_advice(
    number: int, why: str, cure: str
) -> None:
    error = refused(number)
    found, _, told = str(error).partition(" Next: ")
    assert found.startswith("channel pos cannot listen on 127.0.0.1:583: ")
    assert why in found
    assert cure in told
    assert (error.errno, code_of(error)) == (number, "E-PORT")


def test_a_name_that_nobody_knows_is_no_port_that_somebody_has() -> None:
    error = port_error("channel pos", "none.invalid", 1, socket.gaierror(-2, "unknown"))
    assert "nobody knows that name" in str(error)


@pytest.mark.parametrize(
    ("setting", "why"), [("1\n", "no IPv6"), ("0\n", "no address"), (None, "no IPv6")]
)
def test_an_address_of_ipv6_is_none_of_ours_or_ipv6_is_off(
    setting: str | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "disable_ipv6"
    if setting is not None:
        told.write_text(setting)
    monkeypatch.setattr(ports, "IPV6_IS_OFF", told)
    assert "[fd00::9]:583: " in str(refused(errno.EADDRNOTAVAIL, "fd00::9"))
    assert why in str(refused(errno.EADDRNOTAVAIL, "fd00::9"))
    assert "no address of this machine" in str(refused(errno.EADDRNOTAVAIL))
