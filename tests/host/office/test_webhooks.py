"""Programs hear of what happens: signed, at least once, in order, and nobody of another's."""

import datetime as dt
import ipaddress
import runpy
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from config.run import hook_http
from config.run.hook_http import Way, is_public, post
from config.run.hooking import Teller, tell_once, way_of
from host.model.office import Done, Refused
from host.model.requests import Kind
from host.model.secrets import Secret
from host.office.events import EVENTS, event_of
from host.office.tables import ACTIONS
from host.office.webhooks import (
    STOPPED_AFTER,
    TAKEN,
    WAIT_MAX,
    Desk,
    headers_of,
    take_due,
    wait_after,
)
from host.settings import HostSettings
from tests.hooked import HANG, Heard, listening
from tests.host.conftest import Till, asking_of
from tests.host.office.conftest import HOME, Bureau, Person
from tests.switch.certificates import Authority

CARD, OTHER_CARD = 21, 22
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "api_program.py"
LOCAL = way_of(HostSettings(webhook_networks=("127.0.0.0/8",)))
PUBLIC = way_of(HostSettings())


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as one:
        yield one


def desk_of(bureau: Bureau) -> Desk:
    connect = partial(psycopg.connect, bureau.dsns.office, autocommit=True)
    return Desk(connect, bureau.hsm, lambda: bureau.now)


def hooked(
    bureau: Bureau, heard: Heard, *events: str, who: Person | None = None, **whose: str
) -> str:
    """A webhook; gives its code."""
    values = {"address": heard.address, "events": list(events), **whose}
    told = bureau.with_code(who or bureau.admin, "webhook.save", **values)
    assert isinstance(told, Done), told
    heard.secrets.append(told.shown_once["secret"])
    return told.subject


def told(bureau: Bureau, way: Way = LOCAL) -> int:
    return trio.run(tell_once, desk_of(bureau), way)


def states(bureau: Bureau) -> list[tuple[str, int]]:
    return bureau.sql("SELECT state, attempts FROM webhook_message ORDER BY id")


def suspend(bureau: Bureau, merchant: str) -> None:
    bureau.done(bureau.admin, "merchant.suspend", merchant_id=merchant, note="for the test")


def another(bureau: Bureau) -> str:
    [(merchant,)] = bureau.sql(
        "SELECT merchant_id FROM merchant WHERE merchant_id <> %s LIMIT 1", HOME["merchant"]
    )
    return str(merchant)


def test_every_event_is_of_actions_that_there_are() -> None:
    for event in EVENTS.values():
        assert event.actions <= ACTIONS.keys(), event.id
        for action in event.actions:
            assert event_of(action, "done") is event
    assert event_of("merchant.save", "E-FIELD") is None


def test_what_people_do_is_told_signed_to_whom_it_is_and_to_nobody_else(
    bureau: Bureau, heard: Heard
) -> None:
    """S2-58, S1-47."""
    owner = bureau.person("merchant_owner")
    hooked(bureau, heard, "merchant.changed", who=owner, merchant=HOME["merchant"])
    hooked(bureau, heard, "approval.waiting")
    suspend(bureau, another(bureau))
    suspend(bureau, HOME["merchant"])
    assert told(bureau) == 1
    [message] = heard.messages
    assert message["type"] == "merchant.changed"
    assert message["data"] == {
        "action": "merchant.suspend", "outcome": "done", "subject_kind": "merchant",
        "subject_key": HOME["merchant"],
    }  # fmt: skip
    waiting = bureau.do(owner, "terminal.save", terminal_id="80019999", store=1)
    assert told(bureau) == 1
    assert heard.messages[-1]["data"]["approval"] == waiting.approval
    assert told(bureau) == 0
    assert heard.unsigned == 0
    assert len(set(heard.ids)) == len(heard.ids) == 2
    asked = {"address": heard.address, "events": ["day.changed"]}
    refused = bureau.do(owner, "webhook.save", **asked)
    assert isinstance(refused, Refused), "the platform's are the platform's alone"
    assert (refused.code, refused.field) == ("E-FIELD", "merchant"), refused


def test_a_refusal_and_a_rehearsal_are_told_to_nobody(bureau: Bureau, heard: Heard) -> None:
    hooked(bureau, heard, *EVENTS)
    values = {"merchant_id": HOME["merchant"], "note": "only looked at"}
    assert isinstance(bureau.do(bureau.admin, "merchant.suspend", _is_dry_run=True, **values), Done)
    assert bureau.refused(bureau.admin, "merchant.suspend", merchant_id="9" * 15, note="none") != ""
    assert told(bureau) == 0


async def test_what_is_traded_is_told_in_order_of_each_card(
    bureau: Bureau, till: Till, heard: Heard
) -> None:
    """S2-58: read from the journal by its position: each once, none left out."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    in_thread = trio.to_thread.run_sync
    await till.sell(Kind.PURCHASE, CARD, 1)
    await in_thread(partial(hooked, bureau, heard, "transaction.posted"))
    await in_thread(partial(hooked, bureau, heard, "transaction.posted", merchant=another(bureau)))
    desk = desk_of(bureau)
    await tell_once(desk, LOCAL)
    assert heard.messages == [], "what was posted before is told to nobody"
    sold = []
    for amount in (100, 200, 300):
        for card in (CARD, OTHER_CARD):
            _, answer = await till.sell(Kind.PURCHASE, card, amount)
            sold.append((answer.rrn, amount))
    for _ in range(4):
        await tell_once(desk, LOCAL)
    data = [message["data"] for message in heard.messages]
    assert sorted((each["rrn"], each["amount_minor"]) for each in data) == sorted(sold)
    for masked in {each["card"] for each in data}:
        amounts = [each["amount_minor"] for each in data if each["card"] == masked]
        assert amounts == [100, 200, 300]
        assert "*" in masked
    assert {each["kind"] for each in data} == {"purchase"}
    assert heard.unsigned == 0


def test_who_fails_is_asked_less_often_and_hears_it_all_in_order_once_it_is_back(
    bureau: Bureau, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = hooked(bureau, heard, "merchant.changed", "store.changed")
    heard.answers.extend([500, HANG, 302, 200])
    for name in ("One", "Two"):
        bureau.done(bureau.admin, "store.save", store=1, name=name)
    assert told(bureau) == 1, "the second of a line waits for the first"
    assert told(bureau) == 0, "not at once"
    for why, seconds_max in (("no answer in", 0.3), ("302", 60.0)):
        bureau.later(minutes=1)
        monkeypatch.setattr(hook_http, "SECONDS_MAX", seconds_max)
        assert told(bureau) == 1
        [row] = bureau.rows(bureau.admin, "webhooks", webhook=code)
        assert why in row["last_error"], row
    assert row["failing_since"] is not None
    assert row["waiting_messages"] == 2
    bureau.later(hours=1)
    bureau.sign_in(bureau.admin)
    assert (told(bureau), told(bureau)) == (1, 1)
    [row] = bureau.rows(bureau.admin, "webhooks", webhook=code)
    assert (row["failing_since"], row["waiting_messages"]) == (None, 0)
    assert states(bureau) == [("delivered", 4), ("delivered", 1)]
    shown = bureau.rows(bureau.admin, "webhook_messages", webhook=code)
    assert [each["last_status"] for each in shown] == [200, 200]
    assert [each["next_at"] for each in shown] == [None, None], "there is no next"
    assert heard.ids == [f"msg_{each['id']}" for each in reversed(shown)]


def test_who_takes_nothing_for_days_is_stopped_and_can_be_begun_again(
    bureau: Bureau, heard: Heard
) -> None:
    code = hooked(bureau, heard, "merchant.changed")
    suspend(bureau, HOME["merchant"])
    heard.answers.extend([503, 503])
    told(bureau)
    bureau.now += STOPPED_AFTER + WAIT_MAX
    told(bureau)
    bureau.sign_in(bureau.admin)
    [row] = bureau.rows(bureau.admin, "webhooks", webhook=code)
    assert row["state"] == "stopped"
    [line] = bureau.rows(bureau.admin, "audit", action="webhook.stop")
    assert (line["subject_key"], line["acting_as"]) == (code, "system@platform")
    bureau.later(hours=2)
    assert told(bureau) == 0
    bureau.sign_in(bureau.admin)
    again = bureau.with_code(bureau.admin, "webhook.save", webhook=code, new_secret=True)
    assert isinstance(again, Done), again
    heard.secrets[:] = [again.shown_once["secret"]]
    assert told(bureau) == 1
    assert (len(heard.messages), heard.unsigned) == (1, 0)


def test_who_is_gone_is_stopped_at_once_and_what_is_ended_hears_nothing(
    bureau: Bureau, heard: Heard
) -> None:
    gone = hooked(bureau, heard, "merchant.changed")
    heard.answers.append(410)
    suspend(bureau, HOME["merchant"])
    told(bureau)
    assert bureau.rows(bureau.admin, "webhooks", webhook=gone)[0]["state"] == "stopped"
    bureau.done(bureau.admin, "webhook.end", webhook=gone, note="it is gone")
    assert [state for state, _ in states(bureau)] == ["cancelled"]
    assert bureau.refused(bureau.admin, "webhook.end", webhook=gone, note="again") == "E-STATE"


def test_what_was_taken_is_sent_once_more_when_asked_for(bureau: Bureau, heard: Heard) -> None:
    code = hooked(bureau, heard, "merchant.changed")
    suspend(bureau, HOME["merchant"])
    told(bureau)
    begun = (bureau.now - dt.timedelta(minutes=1)).isoformat()
    done = bureau.done(bureau.admin, "webhook.resend", webhook=code, from_at=begun)
    assert done.told == {"messages": 1}
    assert told(bureau) == 1
    assert heard.ids[0] == heard.ids[1], "by its id who hears it twice knows it"


async def test_a_slow_program_keeps_no_other_waiting(
    bureau: Bureau, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others hear what comes meanwhile; of itself nothing is taken up before it has ended."""
    monkeypatch.setattr(hook_http, "SECONDS_MAX", 60.0)
    in_thread = trio.to_thread.run_sync
    with listening() as slow:
        await in_thread(partial(hooked, bureau, slow, "merchant.changed", "store.changed"))
        await in_thread(partial(hooked, bureau, heard, "store.changed"))
        slow.answers.append(HANG)
        await in_thread(suspend, bureau, HOME["merchant"])
        teller = Teller(desk_of(bureau), LOCAL)
        with trio.fail_after(hook_http.SECONDS_MAX - 3):
            async with trio.open_nursery() as nursery:
                assert await teller.round(nursery) == 1
                assert await in_thread(partial(slow.came.acquire, timeout=60))
                for name in ("One", "Two"):
                    save = partial(bureau.done, bureau.admin, "store.save", store=1, name=name)
                    await in_thread(save)
                    assert await teller.round(nursery) == 1, "of the other alone"
                    assert await in_thread(partial(heard.came.acquire, timeout=60))
                    await teller.pause()
                assert (len(heard.messages), len(slow.messages)) == (2, 0)
                slow.go_on.set()
                await teller.pause()
    assert [each["type"] for each in heard.messages] == ["store.changed"] * 2


def test_a_secret_that_does_not_open_is_told_of_its_program_and_stops_no_other(
    bureau: Bureau, heard: Heard
) -> None:
    spoilt = hooked(bureau, heard, "merchant.changed")
    hooked(bureau, heard, "merchant.changed")
    bureau.sql("UPDATE webhook SET secret_sealed = 'no' WHERE code = %s RETURNING code", spoilt)
    suspend(bureau, HOME["merchant"])
    assert told(bureau) == 2
    assert len(heard.messages) == 1
    [row] = bureau.rows(bureau.admin, "webhooks", webhook=spoilt)
    assert "its secret does not open" in row["last_error"]


CHILD = """
import datetime as dt, sys
from functools import partial
import psycopg, trio
from config.run.hooking import tell_once, way_of
from host.hsm.vault import Vault
from host.office.webhooks import Desk
from host.settings import HostSettings
from tests.host.conftest import LMK
dsn, now = sys.argv[1:]
desk = Desk(partial(psycopg.connect, dsn, autocommit=True), Vault(LMK),
            lambda: dt.datetime.fromisoformat(now))
trio.run(tell_once, desk, way_of(HostSettings(webhook_networks=("127.0.0.0/8",))))
"""


def test_whoever_is_killed_while_sending_leaves_it_to_the_next(
    bureau: Bureau, heard: Heard
) -> None:
    """At least once: nobody knows whether it was taken, so it is sent again."""
    hooked(bureau, heard, "merchant.changed")
    suspend(bureau, HOME["merchant"])
    heard.answers.append(HANG)
    words = [sys.executable, "-c", CHILD, bureau.dsns.office, bureau.now.isoformat()]
    with subprocess.Popen(words) as child:
        assert heard.came.acquire(timeout=60)
        child.kill()
    assert child.returncode < 0
    assert told(bureau) == 0, "it is taken for a while"
    bureau.now += TAKEN
    assert told(bureau) == 1
    assert len(heard.messages) == 1
    assert states(bureau) == [("delivered", 2)]


def test_two_who_look_at_once_take_each_message_once(bureau: Bureau, heard: Heard) -> None:
    hooked(bureau, heard, "merchant.changed")
    suspend(bureau, HOME["merchant"])
    suspend(bureau, another(bureau))
    desk = desk_of(bureau)
    assert len(take_due(desk)) == 2
    assert take_due(desk) == []
    assert wait_after(1) < wait_after(2) < wait_after(40) == WAIT_MAX


def test_by_tls_a_program_is_known_by_its_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*authority.issue("localhost"))
    known = way_of(
        HostSettings(webhook_networks=("127.0.0.0/8", "::1"), webhook_ca=str(authority.file))
    )
    headers = {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    with listening(served) as heard:
        address = f"https://localhost:{heard.port}/"
        assert trio.run(post, known, address, b"{}", headers).status == 200
        by_number = address.replace("localhost", "127.0.0.1")
        for way, where in ((LOCAL, address), (known, by_number)):
            refused = trio.run(post, way, where, b"{}", headers)
            assert refused.status is None
            assert "certificate" in refused.why.lower(), refused


def test_the_example_of_the_manual_knows_what_we_sign(bureau: Bureau, heard: Heard) -> None:
    example = runpy.run_path(str(EXAMPLE))
    hooked(bureau, heard, "merchant.changed")
    suspend(bureau, HOME["merchant"])
    [message] = take_due(desk_of(bureau))
    [secret] = heard.secrets
    now = dt.datetime.now(dt.UTC)
    headers = headers_of(message, Secret(secret.encode()), now)
    body = message.body.encode()
    assert example["is_theirs"](secret, headers, body)
    assert not example["is_theirs"](secret, headers, body + b" ")
    late = headers_of(message, Secret(secret.encode()), now - dt.timedelta(minutes=6))
    assert not example["is_theirs"](secret, late, body)


async def test_why_nobody_was_reached_is_said_by_what_went_wrong_first() -> None:
    """And not by what a library puts around the several ways to one name."""
    bare = socket.socket()
    bare.bind(("127.0.0.1", 0))  # and nobody listens there
    with bare:
        url = f"http://localhost:{bare.getsockname()[1]}/hook"
        told = await post(LOCAL, url, b"{}", {})
    assert told.why.startswith("ConnectionRefusedError: ")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/", "http://localhost:1/", "https://10.0.0.1/", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://0.0.0.0/", "https://192.168.1.1:5432/",
    ],
)  # fmt: skip
def test_no_machine_of_ours_is_spoken_to(address: str) -> None:
    """Whatever somebody says where they want to be told."""
    answer = trio.run(post, PUBLIC, address, b"{}", {})
    assert answer.status is None
    assert "public address" in answer.why


def test_what_is_public_is_so_without_wrapping() -> None:
    for address, expected in (
        ("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False), ("224.0.0.1", False), ("100.64.0.1", False), ("fe80::1", False),
    ):  # fmt: skip
        assert is_public(ipaddress.ip_address(address)) is expected, address


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"events": ["merchant.changed"]}, "address"),
        ({"address": "https://shop.example/"}, "events"),
        ({"address": "https://shop.example/", "events": ["no.such"]}, "events"),
        ({"address": "ftp://shop.example/", "events": ["merchant.changed"]}, "address"),
        ({"address": "https://:80/", "events": ["merchant.changed"]}, "address"),
        ({"address": "https://u:p@shop.example/", "events": ["merchant.changed"]}, "address"),
        ({"address": "https://shop.example:99999/", "events": ["merchant.changed"]}, "address"),
    ],
)
def test_an_address_and_events_that_are_none_are_told_of_their_field(
    shared_bureau: Bureau, values: dict[str, Any], field: str
) -> None:
    bureau = shared_bureau
    answer = bureau.do(bureau.admin, "webhook.save", **values)
    if isinstance(answer, Refused) and answer.code == "E-STEP-UP":
        code = bureau.code(bureau.admin)
        answer = bureau.do(bureau.admin, "webhook.save", _code=code, **values)
    assert isinstance(answer, Refused), answer
    assert (answer.code, answer.field) == ("E-FIELD", field)
