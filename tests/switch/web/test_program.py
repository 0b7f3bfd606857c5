"""The program of docs/api.md, as a reader runs it."""

import os
import subprocess
import sys
from pathlib import Path

from host.link.address import Address
from host.model.office import Done
from switch.web.desk import Desk
from switch.web.program import WebFront
from switch.web_settings import WebSettings
from tests.host.office.conftest import HOME, Bureau
from tests.switch.web.conftest import Open

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "api_program.py"
LINES_MAX = 64


def test_a_program_lists_its_stores_and_adds_a_member_once(front: Open, bureau: Bureau) -> None:
    """S2-58: by its key alone, with the standard library."""
    told = bureau.with_code(
        bureau.admin, "api_client.save", client="erp", name="Stock", views=["stores"],
        actions=["member.add"], scope="merchant", scope_key=HOME["merchant"],
    )  # fmt: skip
    owner = bureau.person("merchant_owner")
    decided = {"approval": told.approval, "decision": "approve"}
    assert isinstance(bureau.with_code(owner, "approval.decide", **decided), Done)
    rolled = bureau.with_code(bureau.admin, "api_client.roll", client="erp")
    assert isinstance(rolled, Done), rolled
    address = str(front().client.base_url).rstrip("/")
    words = [sys.executable, "-I", str(EXAMPLE), address, HOME["merchant"], "13900001111"]
    environ = os.environ | {"POSSWITCH_KEY": rolled.shown_once["key"]}
    ran = [
        subprocess.run(words, check=False, env=environ, capture_output=True, text=True, timeout=60)
        for _ in range(2)
    ]
    assert ran[0].returncode == 0, ran[0].stderr
    stores = bureau.rows(owner, "stores")
    lines = ran[0].stdout.splitlines()
    assert lines[:-1] == [f"store {row['id']} {row['name']}" for row in stores]
    [(number,)] = bureau.sql("SELECT id FROM member ORDER BY id DESC LIMIT 1")
    assert lines[-1] == f"done {number}"
    assert ran[1].stdout == ran[0].stdout, "asked again it is told the same"
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= LINES_MAX


def test_what_the_settings_leave_to_whoever_starts_a_front_waits_for_no_restart() -> None:
    """`posswitch up` has pages served, at a free port where it is told another for tills."""
    address = Address.parse("unix:nowhere")
    front = WebFront(WebSettings(is_on=True, port=0), Desk(address))
    assert front.reload(WebSettings()) == []
    assert front.reload(WebSettings(is_on=True, port=0)) == []
    assert front.reload(WebSettings(is_on=False, port=8700)) == ["web.is_on", "web.port"]
