"""Clusters of new houses, copied from one: what initdb and all migrations make is always the same.

The first process of a run that needs it makes it, with what `posswitch up` calls; the others wait.
A cluster that is made from nothing has its tests in `tests/config/run/test_postgres.py`.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from config.cluster import Cluster
from config.errors import Say, say_nothing
from config.places import Places
from config.run import postgres
from config.run.account import server_account
from config.run.children import Account
from config.run.database import prepare_embedded
from config.run.postgres import start_postgres

PLACE: Final = "POSSWITCH_TESTS_CLUSTER"
"""In the environment of a run: the directory in which the one is."""
FROM_NOTHING: Final = postgres._initialise


def cluster_at(home: Path) -> Cluster:
    """A cluster with everything of its in one directory."""
    return Cluster(
        home=home / "postgres",
        socket_directory=home / "run",
        log=home / "postgres.log",
        owner_passfile=home / "secrets" / "owner.pgpass",
    )


def copy_clusters() -> None:
    """From here on this process and what is forked off it make clusters by copying."""
    place = os.environ.get(PLACE)
    if place is not None:
        _Copies.place = Path(place)
        postgres._initialise = _copied


@contextmanager
def clusters_from_nothing() -> Iterator[None]:
    """As in life."""
    before, postgres._initialise = postgres._initialise, FROM_NOTHING
    try:
        yield
    finally:
        postgres._initialise = before


def make_cluster(places: Places) -> None:
    """That of a new house, before a process of its own starts it."""
    account = server_account()
    if not places.cluster.exists:
        places.make()
        postgres._make_places(places.cluster, account, say_nothing)
        postgres._initialise(places.cluster, account, say_nothing)


class _Copies:
    place: Path


def _copied(cluster: Cluster, account: Account | None, say: Say) -> None:
    one, new = cluster_at(_Copies.place), cluster.home.resolve() / "cluster.new"
    if cluster.directory.exists() or account != server_account():
        FROM_NOTHING(cluster, account, say)  # it refuses, or another user's it is to be
        return
    _make_once(one)
    cluster.owner_passfile.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in one.owner_passfile.parent.iterdir():
        shutil.copy(file, cluster.owner_passfile.with_name(file.name))
    shutil.rmtree(new, ignore_errors=True)
    subprocess.run(["cp", "-a", one.directory, new], check=True)  # owners too, when we are root
    new.rename(cluster.directory)


def _make_once(one: Cluster) -> None:
    with (_Copies.place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := _Copies.place / "done").exists():
            with clusters_from_nothing(), start_postgres(one, say=say_nothing):
                dsns = prepare_embedded(one)
                _let_in_quickly(one)
                _pack_the_catalogue(dsns.owner)
            done.touch()


def _pack_the_catalogue(owner: str) -> None:
    """Without what migrations left behind in it, which each database of a test is copied with.

    Our own tables stay as life leaves them: what is packed has statistics.
    """
    with psycopg.connect(owner, autocommit=True) as connection:
        for (relation,) in connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND NOT relisshared"
            " AND relnamespace = 'pg_catalog'::regnamespace AND pg_relation_size(oid) > 65536"
        ).fetchall():
            connection.execute(sql.SQL("VACUUM FULL {}").format(sql.SQL(relation)))


def _let_in_quickly(one: Cluster) -> None:
    """The same passwords at the fewest rounds: a run connects some fifty thousand times, and each
    time the client goes through all of them."""
    with psycopg.connect(one.owner_dsn(), autocommit=True) as connection:
        connection.execute("SET scram_iterations = 1")
        for file in one.owner_passfile.parent.glob("*.pgpass"):
            *_, login, password = file.read_bytes().strip().split(b":")
            verifier = connection.pgconn.encrypt_password(password, login, b"scram-sha-256")
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(login.decode()), sql.Literal(verifier.decode())
                )
            )
