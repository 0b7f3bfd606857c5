"""What nobody knows the end of: the form stays as it was sent, and is done once."""

from typing import Any

import psycopg
import pytest

from host.model.office import Asked, Do
from host.office.reception import Reception
from switch.web.desk import Desk, HostAwayError, InDoubtError
from tests.host.office.conftest import Bureau
from tests.switch.web.conftest import Browser, Open

SHOP = {"merchant_id": "888200000000001", "name": "Doubtful Books"}


def _opened(front: Open, bureau: Bureau) -> Browser:
    browser = front()
    browser.get("/sign-in")
    browser.client.cookies.set("posswitch_session", bureau.admin.session.reveal().decode())
    browser.get("/do/merchant.save")
    return browser


def _kept_and_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database keeps it, and the host never hears so."""
    answer = Reception._answer

    def lost(self: Reception, connection: Any, asked: Asked) -> Any:
        told = answer(self, connection, asked)
        if isinstance(asked, Do):
            raise psycopg.OperationalError("lost")
        return told

    monkeypatch.setattr(Reception, "_answer", lost)


def _unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host does it, and its answer never comes."""
    ask = Desk.ask

    async def lost(self: Desk, asked: Asked) -> Any:
        told = await ask(self, asked)
        if isinstance(asked, Do):
            raise InDoubtError
        return told

    monkeypatch.setattr(Desk, "ask", lost)


def _away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host cannot be asked: whether it did the same form before is not known here."""
    ask = Desk.ask

    async def away(self: Desk, asked: Asked) -> Any:
        if isinstance(asked, Do):
            raise HostAwayError
        return await ask(self, asked)

    monkeypatch.setattr(Desk, "ask", away)


@pytest.mark.parametrize(
    ("breaks", "told"), [(_kept_and_lost, "结果未知"), (_unheard, "结果未知"), (_away, "暂不可用")]
)
def test_a_form_in_doubt_is_sent_again_from_where_it_stands_and_done_once(
    front: Open, bureau: Bureau, monkeypatch: pytest.MonkeyPatch, breaks: Any, told: str
) -> None:
    browser = _opened(front, bureau)
    key = browser.once_key
    breaks(monkeypatch)
    page = browser.post("/do/merchant.save", {"once_key": key, "how": "do", **SHOP})
    assert page.status_code == 503
    assert f"<strong>{told}</strong>" in page.text
    assert "未办理" not in page.text
    assert f'value="{SHOP["name"]}"' in page.text
    assert browser.once_key == key
    monkeypatch.undo()
    page = browser.post("/do/merchant.save", {"once_key": browser.once_key, "how": "do", **SHOP})
    assert page.status_code == 200
    assert bureau.sql("SELECT count(*) FROM merchant WHERE name = %s", SHOP["name"]) == [(1,)]
