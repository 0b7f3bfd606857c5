"""Makes a file of cards and says when it is half made, to be killed there: nothing is kept."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from host.clock import utc_now
from host.hsm.vault import Vault, load_lmk
from host.model.secrets import Secret
from host.office import disclosing, files
from host.office.jobs import AtWork, Job
from host.office.places import PLATFORM
from host.office.subjects import Ref

WORKBOOK = "nine orange lamps"
_rows = disclosing._rows


def half_of(*args: Any) -> Iterator[Any]:
    """The rows of a file; in the middle of them there is time enough to be killed."""
    rows = list(_rows(*args))
    yield from rows * 200
    sys.stdout.write("half\n")
    sys.stdout.flush()
    time.sleep(60)


if __name__ == "__main__":
    setattr(disclosing, "_rows", half_of)  # noqa: B010 - no type knows that it is another
    dsn, lmk, person, batch = sys.argv[1:]
    hsm, now = Vault(load_lmk(Path(lmk))), utc_now()
    with psycopg.connect(dsn) as connection:
        owner = files.Owner(person=int(person), place=PLATFORM)
        password = Secret(WORKBOOK.encode())
        number = files.begin_made(connection, hsm, owner, "half.xlsx", password, now)
        wanted = {"batch": int(batch), "with_secrets": True, "is_workbook": True, "sale": "unsold"}
        job = Job(
            id=0, action="", about=Ref("platform", ""), plan={"file": number, "wanted": wanted},
            done=0, total=1, asked_by=int(person),
        )  # fmt: skip
        disclosing.make_file(AtWork(connection=connection, hsm=hsm, now=now, job=job))
