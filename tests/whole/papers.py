"""People of a standing house make cards, let them out and take members in: all of it secret."""

import base64
import datetime as dt
import io
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config.tasks.papers import ONLY_US
from config.tasks.sessions import STATE_VARIABLE, SignedIn, keep_session
from host.clock import utc_now
from host.hsm.vault import Vault, load_lmk
from host.model.office import Done
from tests.commands import run_command
from tests.host.office.conftest import HOME, Bureau, Person, opened_bureau
from tests.host.office.test_exports import opened
from tests.whole import half_made
from tests.whole.house import House, wait_until

WORKBOOK = "eleven blue herons"
PHONES = ("13861047259", "13950738164")
CARDS = 40
BEHIND = dt.timedelta(minutes=12)
"""The office's clock in this process, which every code moves on, begins behind the house's."""


def let_out(house: House, passing: Path) -> dict[str, str]:
    """A batch made, opened, exported, once killed half-way, revealed; members imported.

    `passing` is where programs put what they would lay beside. Gives what was said and made, by
    what it is.
    """
    hsm = Vault(load_lmk(house.places.lmk))
    told = {"workbook password": WORKBOOK, "another": half_made.WORKBOOK}
    told |= {f"phone {at}": phone for at, phone in enumerate(PHONES)}
    for bureau in opened_bureau(house.dsns, hsm=hsm, now=utc_now() - BEHIND):
        maker, owner = bureau.person("batch_maker"), bureau.person("batch_owner")
        manager = bureau.person("issuer_manager")
        batch = _batch(house, bureau, manager, maker)
        told |= _secrets_of(bureau)
        assert isinstance(bureau.with_code(owner, "card_batch.open", batch=batch), Done)
        sealed = _exported(house, bureau, maker, owner, batch)
        assert len(opened(sealed, WORKBOOK)) == CARDS + 1
        told["workbook as text"] = base64.b64encode(sealed).decode()[:60]
        _reveal(bureau, owner)
        _killed_half_way(house, bureau, passing)
        _members(house, bureau, manager)
    return told


def _batch(house: House, bureau: Bureau, manager: Person, maker: Person) -> str:
    product = bureau.done(
        manager, "product.revise", issuer=HOME["issuer"], code="LEAK", name="Gift",
        form="virtual", face_minor_min=10_000, valid_days=365,
    ).subject  # fmt: skip
    made = bureau.done(
        maker, "card_batch.create", product=int(product), name="Leaks", cards=CARDS,
        responsible=manager.login,
    )  # fmt: skip
    _wait_for(house, made.told["job"])
    return made.subject


def _wait_for(house: House, job: int) -> None:
    def is_done() -> bool:
        [[state, error]] = house.rows(f"SELECT state, error FROM job WHERE id = {job}")
        assert state not in {"failed", "stopped"}, error
        return bool(state == "done")

    wait_until(is_done, f"job {job} does not end")


def _secrets_of(bureau: Bureau) -> dict[str, str]:
    """Of each card its number and its activation password, as one word and in groups."""
    told = {}
    for card, pan, code in bureau.sql(
        "SELECT id, pan_sealed, code_sealed FROM card WHERE code_sealed IS NOT NULL"
    ):
        word = bureau.office.hsm.open_secret(bytes(code), f"card-code/{card}").reveal().decode()
        told[f"password of {card}"] = word
        told[f"password in groups of {card}"] = f"{word[:4]}-{word[4:8]}-{word[8:]}"
        told[f"number of {card}"] = bureau.office.hsm.open_pan(bytes(pan)).reveal()
    return told


def _exported(house: House, bureau: Bureau, maker: Person, owner: Person, batch: str) -> bytes:
    """By the command line, into a file of its own, once."""
    home = house.places.data.parent / "maker"
    to = home.parent / "cards.xlsx"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(STATE_VARIABLE, str(home))
        keep_session(house.places, SignedIn(maker.login, "batch_maker", maker.session))
    words = (
        "card-batch", "export", batch, "--with-secrets", "--workbook-password", "--recipient",
        "Heng Bao", "--note", "to be printed",
    )  # fmt: skip
    environ = {
        STATE_VARIABLE: str(home), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1",
        "POSSWITCH_DATA": str(house.places.data),
    }  # fmt: skip
    given = f"{WORKBOOK}\n{WORKBOOK}\n".encode()
    asked = run_command("--lang", "en", *words, given=given, environ=environ)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    [(approval,)] = bureau.sql("SELECT max(id) FROM approval WHERE action = 'card_batch.export'")
    decision = {"approval": approval, "decision": "approve"}
    done = bureau.with_code(owner, "approval.decide", **decision)
    assert isinstance(done, Done), done
    told = done.told["outcome"]["told"]
    _wait_for(house, told["job"])
    take = ("file", "take", str(told["file"]), "--to", to)
    ran = run_command("--lang", "en", *take, environ=environ)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = asked.stdout + asked.stderr + ran.stdout + ran.stderr
    assert WORKBOOK not in said
    assert stat.S_IMODE(to.stat().st_mode) == ONLY_US
    (house.places.data / "export.said").write_text(said)
    assert bureau.sql("SELECT downloads FROM disclosure") == [(1,)]
    bureau.now = utc_now()
    [(file,)] = bureau.sql("SELECT file_id FROM disclosure")
    assert bureau.refused(maker, "file.take", file=file) == "E-GONE"
    return to.read_bytes()


def _reveal(bureau: Bureau, owner: Person) -> None:
    [(card,)] = bureau.sql("SELECT min(id) FROM card WHERE code_sealed IS NOT NULL")
    done = bureau.with_code(owner, "card.reveal", card=card, reason="vendor_fault")
    assert isinstance(done, Done), done


def _killed_half_way(house: House, bureau: Bureau, passing: Path) -> None:
    """Kill -9 while a workbook is being built."""
    passing.mkdir()
    [(person, batch)] = bureau.sql("SELECT max(p.id), max(b.id) FROM person p, card_batch b")
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.whole.half_made", house.dsns.office, house.places.lmk,
         str(person), str(batch)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(passing)},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert bureau.sql("SELECT count(*) FROM office_file WHERE name = 'half.xlsx'") == [(0,)]


def _members(house: House, bureau: Bureau, manager: Person) -> None:
    rows = io.StringIO()
    rows.write("phone,name\n" + "".join(f"{phone},Somebody\n" for phone in PHONES))
    content = base64.b64encode(rows.getvalue().encode()).decode()
    file = bureau.done(manager, "file.send", name="members.csv", content=content).told["file"]
    asked = {"issuer": HOME["issuer"], "file": file, "note": "from the old house"}
    waiting = bureau.with_code(manager, "member.import", **asked)
    done = bureau.with_code(
        bureau.admin, "approval.decide", approval=waiting.approval, decision="approve"
    )
    assert isinstance(done, Done), done
    _wait_for(house, done.told["outcome"]["told"]["job"])
    with psycopg.connect(house.dsns.owner) as connection:
        made = connection.execute("SELECT count(*) FROM member WHERE name = 'Somebody'").fetchone()
    assert made == (len(PHONES),)
