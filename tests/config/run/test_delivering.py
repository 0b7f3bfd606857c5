"""What is due is brought by a round of this house, to a server and to a directory, by its keys."""

from pathlib import Path
from typing import Any

import psycopg

from clearing.handout import hand_out
from clearing.run import run_clearing
from config.places import places_of
from config.run.delivering import INBOXES, bring_due, errand_of
from config.run.heads import open_key
from config.run.sftp import open_delivery_key, public_line
from tests.clearing import conftest
from tests.clearing.conftest import DAY, MERCHANTS
from tests.clearing.test_standing import release
from tests.sshd import needs_sshd, sshd_at

WAY = (
    "INSERT INTO delivery_way (merchant_id, form, directory, host, port, login, host_key,"
    " is_acknowledged, is_active, set_at, set_by, agreed_by)"
    " VALUES (%s, 'fixed', %s, %s, %s, %s, %s, false, true, now(), 'wu', 'li')"
)


@needs_sshd
async def test_a_round_brings_what_is_due_each_to_its_place(database: Any, tmp_path: Path) -> None:
    """S4-79: one that cannot be reached keeps no other back."""
    places = places_of(tmp_path / "data")
    places.secrets.mkdir(parents=True)
    key = open_key(places)
    with (
        sshd_at(tmp_path / "sshd") as server,
        psycopg.connect(database.owner, autocommit=True) as owner,
        psycopg.connect(database.night, autocommit=True) as night,
    ):
        server.let_in(public_line(open_delivery_key(places)))
        conftest._traded_day(owner)
        login = (server.login, server.host_key)
        owner.execute(WAY, [1, str(server.inbox), "127.0.0.1", server.port, *login])
        owner.execute(WAY, [2, "shop/inbox", None, None, None, None])
        run_clearing(night, places.files)
        release(owner)
        assert hand_out(night, places.files, key) == [DAY]
        errand = errand_of(database.night, places, key)
        brought = await bring_due(errand)
        assert [(str(one.state), one.why) for one in brought] == [("delivered", "")] * 2
        for place, merchant in ((server.inbox, 1), (places.files / INBOXES / "shop/inbox", 2)):
            name = f"{DAY:%Y%m%d}-merchant-{MERCHANTS[merchant]}.txt"
            signed = (place / f"{name}.manifest.csv").read_bytes()
            signature = (place / f"{name}.manifest.csv.ed25519").read_text()
            key.public_key().verify(bytes.fromhex(signature), signed)
            assert name in signed.decode()
        assert await bring_due(errand) == []
        owner.execute("UPDATE delivery SET state = 'queued', next_at = now()")
        owner.execute("UPDATE delivery_way SET port = 1 WHERE host IS NOT NULL")
        told = {str(one.state): one.why for one in await bring_due(errand)}
        assert told.keys() == {"queued", "delivered"}
        assert "does not answer: Connection refused" in told["queued"]
