"""What costs much in life and is the same each time, at the least costs: what it costs in life has
tests of its own (`tests/config/run/test_postgres.py`, `tests/host/office/test_people.py`)."""

import sys
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher

from host.office import passwords
from tests.clusters import copy_clusters

QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def command(*words: str | Path) -> list[str]:
    """As `python -m config`: `posswitch` in a process of its own, that makes its cluster by copying
    and hashes passwords in no time."""
    return [sys.executable, "-c", "from tests.quickly import become; become()", *map(str, words)]


def become() -> None:
    """This process is the command, to its end."""
    copy_clusters()
    hash_quickly()
    from config.cli.app import main

    sys.argv[0] = "posswitch"
    main()


def hash_quickly() -> PasswordHasher:
    """Passwords cost nothing from here on; gives what hashed them before."""
    before: PasswordHasher = passwords._HASHER
    passwords._HASHER = QUICK  # type: ignore[misc]
    passwords._nobodys.cache_clear()
    return before
