"""A real sshd on a port of this machine, for one login that may do nothing but SFTP."""

import contextlib
import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

PROGRAM = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_sshd = pytest.mark.skipif(PROGRAM is None, reason="no sshd here: apt install openssh-server")
SECONDS_MAX = 60.0
"""How long anything here may take: a limit, not a measure."""
CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized
PidFile {home}/pid
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
Subsystem sftp {sftp}
"""


@dataclass
class Sshd:
    """It runs; files are below `inbox`, and `let_in` is by which key."""

    home: Path
    port: int
    host_key: str

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def login(self) -> str:
        return getpass.getuser()

    def let_in(self, line: str) -> None:
        (self.home / "authorized").write_text(line + "\n")


def new_host_key(home: Path, name: str) -> str:
    """A key of a server; gives its public half as a row pins it."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True
    )
    return " ".join((home / f"{name}.pub").read_text().split()[:2])


@contextlib.contextmanager
def sshd_at(home: Path, sftp: str = "internal-sftp") -> Iterator[Sshd]:
    """Run one until the end; `sftp` is what speaks SFTP."""
    assert PROGRAM is not None, "the test is marked needs_sshd"
    if os.geteuid() == 0:  # it gives up its rights there
        Path("/run/sshd").mkdir(exist_ok=True)
    (home / "inbox").mkdir(parents=True)
    told = Sshd(home, free_port(), new_host_key(home, "host_key"))
    config = home / "config"
    config.write_text(CONFIGURATION.format(port=told.port, home=home, sftp=sftp))
    with (home / "log").open("wb") as log:
        running = subprocess.Popen([PROGRAM, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        _wait_for(told)
        yield told
    finally:
        running.terminate()
        running.wait()


def _wait_for(told: Sshd) -> None:
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        found = subprocess.run(
            ["ssh-keyscan", "-p", str(told.port), "127.0.0.1"], capture_output=True, check=False
        )
        if b"ssh-ed25519" in found.stdout:
            return
        time.sleep(0.1)
    raise AssertionError((told.home / "log").read_text())
