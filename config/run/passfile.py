"""Password files as libpq reads them: a connection string names the file and holds no secret."""

import os
from pathlib import Path
from typing import BinaryIO

from host.model.secrets import Secret


def write_passfile(path: Path, user: str, password: Secret) -> None:
    """Keep a password where libpq looks for it, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with private_file(new) as file:
        file.write(b"*:*:*:" + user.encode() + b":" + password.reveal() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def new_password() -> Secret:
    """192 random bits, in letters that need no quoting anywhere."""
    return Secret(os.urandom(24).hex().encode())


def private_file(path: Path) -> BinaryIO:
    """A new file that nobody else may open, not even between its making and our first byte."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
