"""Where one embedded PostgreSQL keeps what it has, and how it is reached."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

OWNER: Final = "owner"
PORT: Final = 5432
"""Only a part of the socket's name: no TCP port is opened."""
SOCKET_BYTES_MAX: Final = 107
"""Of the socket's whole path (sun_path of unix(7), less its closing zero)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where one embedded server keeps its files, its socket, its log and its owner's password."""

    home: Path
    """A directory of its own, which it owns: everything but what follows."""
    socket_directory: Path
    log: Path
    owner_passfile: Path

    @property
    def directory(self) -> Path:
        """PGDATA. It is moved here whole, so when it exists it has been initialised."""
        return self.home / "cluster"

    @property
    def exists(self) -> bool:
        """Whether it has been initialised."""
        return self.directory.exists() and self.owner_passfile.exists()

    def dsn(self, user: str, passfile: Path, database: str) -> str:
        """A connection string that holds no secret, only the name of the file that does."""
        return (
            f"host={_quoted(self.socket_directory)} port={PORT} dbname={database} user={user} "
            f"passfile={_quoted(passfile)}"
        )

    def owner_dsn(self, database: str = "postgres") -> str:
        """The connection string of the cluster's owner."""
        return self.dsn(OWNER, self.owner_passfile, database)


def socket_of(directory: Path) -> Path:
    """The socket that a server makes in its socket directory."""
    return directory / f".s.PGSQL.{PORT}"


def _quoted(value: Path) -> str:
    """A value inside a libpq connection string."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
