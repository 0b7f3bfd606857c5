"""pgbench on the server that carries the ledger: the measure that ours are held against."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from config.cluster import OWNER, Cluster
from config.errors import Say
from config.run.postgres import PostgresError, binary

DATABASE: Final = "pgbench"
SCALE: Final = 20
CLIENTS: Final = 32
_TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pgbench:
    """The program, and its filled tables."""

    program: Path
    dsn: str

    def tps(self, seconds: int) -> float:
        """Transactions a second: TPC-B-like, prepared."""
        words = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--time={seconds}"]
        text = self.run(words)
        found = _TPS.search(text)
        assert found is not None, text
        return float(found[1])

    def run(self, words: Sequence[str]) -> str:
        """What it says."""
        done = subprocess.run(  # noqa: S603 - a program of the wheel or the path, our own words
            [self.program, *words, self.dsn], check=True, capture_output=True, text=True
        )
        return done.stdout


def filled_pgbench(cluster: Cluster, say: Say) -> Pgbench | None:
    """Ready to run; None where it is not installed."""
    program = _find(say)
    if program is None:
        return None
    say(f"filling pgbench's tables, scale {SCALE}")
    with psycopg.connect(
        cluster.dsn(OWNER, cluster.owner_passfile, "postgres"), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    pgbench = Pgbench(program, cluster.dsn(OWNER, cluster.owner_passfile, DATABASE))
    pgbench.run(["--initialize", "--quiet", f"--scale={SCALE}"])
    return pgbench


def _find(say: Say) -> Path | None:
    try:
        return binary("pgbench")
    except PostgresError:
        found = shutil.which("pgbench")
    if found is None:
        say("pgbench is not installed, so there are no ratios. Next: install PostgreSQL's contrib")
    return Path(found) if found else None
