"""A backup taken under trade and the log since: the ledger as it stood at any moment, whole.

The server is copied while it writes, its log is archived piece by piece, and two restored copies
are audited: one at a random moment of the day, and one at its end, which lacks nothing.
"""

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns
from config.run.postgres import start_postgres
from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from tests.whole.day import audit_record, trading, wait_until_it_trades
from tests.whole.house import House, command, rows, standing, wait_until
from tests.whole.test_chaos import ATTEMPTS_MAX, HOST, SWITCH

ESTATE = demo_estate()
PARTS = ("secrets",)
"""Of the data directory, beside the cluster: without them no stored key can be read."""


class Archive:
    """Where pieces of the log go, and the copy of the server that they follow."""

    def __init__(self, house: House, home: Path) -> None:
        self._house, self._pieces, self._copy = house, home / "log", home / "copy"
        home.chmod(0o755)
        self._pieces.mkdir()
        owner = house.places.cluster.directory.stat()
        shutil.chown(self._pieces, owner.st_uid, owner.st_gid)

    def begin(self) -> None:
        """From the server's next start on, every finished piece is copied."""
        with psycopg.connect(self._house.dsns.owner, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET archive_mode = on")
            connection.execute(f"ALTER SYSTEM SET archive_command = 'cp %p {self._pieces}/%f'")

    def take_copy(self) -> None:
        """Copy the server as it runs, between the two marks that make the copy whole."""
        with psycopg.connect(self._house.dsns.owner, autocommit=True) as connection:
            connection.execute("SELECT pg_backup_start('test', true)")
            _copy_running(self._house.places.cluster.directory, self._copy)
            told = connection.execute("SELECT labelfile FROM pg_backup_stop()").fetchone()
        assert told is not None
        (self._copy / "backup_label").write_text(told[0])

    def finish(self) -> None:
        """Have the last piece, too."""
        with psycopg.connect(self._house.dsns.owner, autocommit=True) as connection:
            told = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert told is not None
        wait_until((self._pieces / told[0]).exists, "the log was not archived")

    def restored(self, data: Path, until: str | None) -> Places:
        """A data directory whose server goes on from the copy, to this moment or to the end."""
        places = places_of(data)
        places.make()
        source = self._house.places
        for part in PARTS:
            shutil.copytree(source.data / part, data / part, dirs_exist_ok=True)
        directory = places.cluster.directory
        directory.parent.mkdir(exist_ok=True)
        shutil.copytree(self._copy, directory, symlinks=True)
        aim = "" if until is None else f"recovery_target_time = '{until}'\n"
        with (directory / "postgresql.auto.conf").open("a") as file:
            file.write(f"archive_mode = off\nrestore_command = 'cp {self._pieces}/%f %p'\n{aim}")
            file.write("recovery_target_action = promote\n")
        (directory / "recovery.signal").touch()
        owner = source.cluster.directory.stat()
        for path in (directory.parent, directory, *directory.rglob("*")):
            shutil.chown(path, owner.st_uid, owner.st_gid)
        return places


def _copy_running(source: Path, target: Path) -> None:
    """All but what belongs to the running server; a file that goes meanwhile is in the log."""

    def left_out(_directory: str, names: list[str]) -> list[str]:
        return [name for name in names if name in {"postmaster.pid", "postmaster.opts", "pg_wal"}]

    def copy(path: str, to: str) -> None:
        if Path(path).exists():
            shutil.copy2(path, to)

    shutil.copytree(source, target, ignore=left_out, copy_function=copy, symlinks=True)
    (target / "pg_wal").mkdir(mode=0o700)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with standing(House(tmp_path / "data", ESTATE, switch=SWITCH, host=HOST)) as house:
        yield house


@pytest.mark.chaos
def test_a_copy_and_the_log_since_make_the_ledger_of_any_moment_whole(
    house: House, tmp_path: Path, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, record = random.Random(counts.seed), tmp_path / "terminals.jsonl"
    home = tmp_path / "archive"
    home.mkdir()
    archive = Archive(house, home)
    archive.begin()
    house.stop()
    house.start()
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=12,
        seconds=3_600.0,
        pause_seconds=0.05,
        seed=counts.seed,
        answer_seconds_max=3.0,
        record=record,
        attempts_max=ATTEMPTS_MAX,
    )
    moments = []
    with trading(settings, ESTATE):
        wait_until_it_trades(house, first_trace=1)
        archive.take_copy()
        for _ in range(4):
            time.sleep(dice.uniform(0.5, 2.0))
            [(moment,)] = house.rows("SELECT clock_timestamp()::text")
            moments.append(moment)
        time.sleep(1.0)
    audit_record(house, record)
    archive.finish()
    for number, until in enumerate((dice.choice(moments), None)):
        restored = archive.restored(tmp_path / f"restored-{number}", until)
        begun = time.monotonic()
        with start_postgres(restored.cluster, say=lambda _text: None):
            seconds = time.monotonic() - begun
            owner = embedded_dsns(restored.cluster).owner
            wait_until(
                lambda owner=owner: rows(owner, "SELECT pg_is_in_recovery()") == [(False,)],  # type: ignore[misc]
                "the restored server does not end its recovery",
            )
            count = "SELECT count(*), max(id) FROM exchange"
            assert (rows(owner, count) == house.rows(count)) == (until is None)
            told = command("audit", data=restored.data)
            assert told.stdout.endswith("audit: 0 violations\n"), told.stdout + told.stderr
        with capsys.disabled():
            aim = until or "the end of the log"
            print(f"restored to {aim} in {seconds:.1f} s")  # noqa: T201 - a figure for people
