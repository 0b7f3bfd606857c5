"""docs/operating.md: its commands, in its order, on a PostgreSQL of our own beside the house.

A server is made as an administrator would have it; roles, schema, backup and restore are the
page's own commands, with a till's day before and after the backup.
"""

import configparser
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.run.account import make_for, program_for, server_account
from config.run.children import Account
from config.run.postgres import binary
from tests.whole.house import SECONDS_MAX, wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n\n```sh\n(.*?)```", PAGE, re.DOTALL))
ORDER = ["roles", "environment", "migrate", "archive", "backup", "last", "restore", "look"]
[SETTINGS] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TILL = ROOT / "docs" / "examples" / "bcd_client.py"
UNITS = sorted((ROOT / "deploy").glob("*.service"))
BLOCK_SECONDS_MAX = 120.0


@dataclass(slots=True)
class Shell:
    """Runs the page's commands as the server's user, who keeps what a block exported."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, commands: str) -> str:
        """To their end; the last line told is the environment's."""
        account = server_account()
        with (self.home / "told").open("wb") as told_here:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", f"{commands}\nenv -0 > {self.home}/environment"],
                cwd=self.home,
                env=self.environ,
                user=account.uid if account else None,
                group=account.gid if account else None,
                stdout=told_here,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=BLOCK_SECONDS_MAX,
                check=False,
            )
        told = (self.home / "told").read_text("utf-8", "replace")
        assert not ran.returncode, f"{commands}\n{told}"
        pairs = (self.home / "environment").read_text().split("\0")
        self.environ = dict(pair.split("=", 1) for pair in pairs if pair)
        return told


def can_run_posswitch(account: Account | None) -> bool:
    """Whether the interpreter and this tree are open to that user."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "config", "--help"],
            cwd=ROOT,
            user=account.uid if account else None,
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return ran.returncode == 0


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A server that an administrator has made, in a place that its user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ps-") as place:
        Path(place).chmod(0o755)
        home = Path(place) / "h"
        account, server = server_account(), binary("postgres")
        if not can_run_posswitch(account):
            pytest.skip(f"user {account and account.name} has no way to {sys.executable}")
        if account:
            make_for(account, home, lambda _text: None)
            server = program_for(account, server, lambda _text: None)
        home.mkdir(exist_ok=True)
        names = {
            "PGDATA": "one", "RESTORED": "two", "DATA": "data", "NEW_DATA": "new",
            "ARCHIVE": "archive", "BACKUP": "backup", "PGHOST": "sock",
        }  # fmt: skip
        shell = Shell(home, {name: str(home / path) for name, path in names.items()})
        shell.environ |= {
            "PATH": f"{server.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PGUSER": "postgres",
            "PYTHONPATH": str(ROOT),
        }
        shell.run("mkdir -m 700 $ARCHIVE $BACKUP $DATA $NEW_DATA $PGHOST")
        shell.run("initdb -U postgres -A trust -D $PGDATA")
        options = f"unix_socket_directories = '{shell.environ['PGHOST']}'\nlisten_addresses = ''\n"
        shell.run(f'echo "{options}" >> $PGDATA/postgresql.conf')
        shell.run("pg_ctl start -w -D $PGDATA -l $PGDATA/server.log")
        try:
            yield shell
        finally:
            for directory in ("PGDATA", "RESTORED"):
                shell.run(f"pg_ctl stop -m immediate -D ${directory} || true")


def trade(shell: Shell) -> None:
    """A till's day, from sign-on to settlement, at a posswitch that is up for it."""
    told = shell.home / "data" / "up"
    told.unlink(missing_ok=True)
    command = "posswitch up --estate demo --port 0 --data $DATA > $DATA/up & echo $! > $DATA/pid"
    shell.run(command)
    try:
        wait_until(
            lambda: told.exists() and "ready" in told.read_text(), "posswitch does not come up"
        )
        [port] = re.findall(r"pos on 127\.0\.0\.1:(\d+)", told.read_text())
        till = [sys.executable, "-I", TILL, "127.0.0.1", port]
        subprocess.run(till, check=True, timeout=SECONDS_MAX, capture_output=True)
    finally:
        pid = int((shell.home / "data" / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "posswitch does not end")


def count(shell: Shell) -> str:
    return shell.run("psql -d posswitch -Atc 'SELECT count(*), max(id) FROM exchange'").strip()


def test_the_pages_commands_make_back_up_and_restore_a_ledger(shell: Shell) -> None:
    assert list(BLOCKS) == ORDER
    (shell.home / "data" / "posswitch.toml").write_text(SETTINGS)
    for name in ("roles", "environment", "migrate", "archive"):
        shell.run(BLOCKS[name])
    trade(shell)
    shell.run(BLOCKS["backup"])
    trade(shell)
    stood = count(shell)
    shell.environ["UNTIL"] = shell.run("psql -d postgres -Atc 'SELECT clock_timestamp()'").strip()
    trade(shell)
    assert count(shell) != stood
    shell.run(BLOCKS["last"])
    shell.run(BLOCKS["restore"])
    in_recovery = "psql -d postgres -Atc 'SELECT pg_is_in_recovery()'"
    wait_until(lambda: shell.run(in_recovery).strip() == "f", "it is not promoted")
    assert count(shell) == stood
    assert shell.run(BLOCKS["look"]).endswith("audit: 0 violations\n")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_commands_that_there_are(unit: Path) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    assert parser["Service"]["User"] == "posswitch"
    for command in re.findall(r"^ExecStart=\S+/posswitch (.*)$", unit.read_text(), re.MULTILINE):
        words = [word for word in command.replace("%i", "1").split() if word[:1].isalpha()]
        helped = [sys.executable, "-m", "config", *words[: 1 + (words[0] == "clearing")], "--help"]
        ran = subprocess.run(helped, cwd=ROOT, capture_output=True, text=True, check=False)
        assert not ran.returncode
        assert all(option in ran.stdout for option in re.findall(r"--\w+", command))
