"""Password files as libpq reads them: a connection string names the file and holds no secret."""

import os
from pathlib import Path

from host.model.secrets import Secret
from host.private_files import private_file


def write_passfile(path: Path, user: str, password: Secret) -> None:
    """Keep a password where libpq looks for it, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with private_file(path) as file:
        file.write(b"*:*:*:" + user.encode() + b":" + password.reveal() + b"\n")


def new_password() -> Secret:
    """192 random bits, in letters that need no quoting anywhere."""
    return Secret(os.urandom(24).hex().encode())
