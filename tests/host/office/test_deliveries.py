"""Where files are brought is said by two people, and how each delivery stands is seen."""

import datetime as dt
import functools
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.deliveries import TRIES_MAX, Delivery, Errand, deliver, take_due
from clearing.handout import hand_out
from clearing.sending import SendingError
from host.model.office import Done, Refused
from tests.host.conftest import MERCHANT_OF, CardPool, Till
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_clearing import DAY, clear, release

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUfBqF0tmFtYzr3tWIFB8AIBTjoTVu1UEHfAiAMIcSG"
SERVER = {
    "directory": "/upload", "host": "sftp.shop.example", "server_login": "house",
    "host_key": HOST_KEY,
}  # fmt: skip
KEY = Ed25519PrivateKey.generate()
VIEW = "clearing_files"


@pytest.fixture
def two(bureau: Bureau) -> tuple[Person, Person]:
    return bureau.person("finance"), bureau.person("finance")


def no_route(delivery: Delivery) -> Any:  # noqa: ARG001 - as what opens is called
    message = "no route"
    raise SendingError(message)


def refused(told: Any) -> str:
    assert isinstance(told, Refused)
    return told.en


async def test_a_file_that_did_not_arrive_is_found_and_sent_once_more_or_no_more(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    """S4-79, S4-31: the party sees whether its file is there, the house why not."""
    one, other = office.person("finance"), office.person("finance")
    shop = MERCHANT_OF[till.terminal_id]
    owner = office.person("merchant_owner", "merchant", shop)
    office.done_by_two(one, other, "delivery.save", merchant=shop, file_form="fixed", **SERVER)
    [way] = office.rows(one, "delivery_ways")
    assert (way["party"], way["host"], way["port"]) == (shop, "sftp.shop.example", 22)
    assert (way["set_by"], way["agreed_by"]) == (one.login, other.login)
    await till.buy(pool.city(), 12_300)
    await trio.to_thread.run_sync(clear, till, tmp_path, one.login)
    assert isinstance(release(office, other), Done)

    def out() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as night:
            hand_out(night, tmp_path, KEY)

    await trio.to_thread.run_sync(out)
    name = f"merchant-{shop}.csv"
    [file] = office.rows(other, "deliveries", undelivered="true")
    assert (file["name"], file["delivery_state"], file["attempts"]) == (name, "queued", 0)
    assert file["file_form"] == "fixed"

    def fail() -> None:
        now = dt.datetime.now(dt.UTC)
        connect = functools.partial(psycopg.connect, till.dsns.night, autocommit=True)
        errand = Errand(connect, tmp_path, KEY, no_route, lambda: now)
        with connect() as night:
            [taken] = take_due(night, now, 1)
        deliver(errand, taken._replace(attempts=TRIES_MAX))

    await trio.to_thread.run_sync(fail)
    [file] = office.rows(other, "deliveries", undelivered="true")
    assert (file["delivery_state"], file["last_error"]) == ("failed", "no route")
    [own] = office.rows(owner, VIEW)
    assert (own["delivery_state"], "last_error" in own) == ("failed", False)

    told = {"date": f"{DAY:%Y-%m-%d}", "name": name}
    office.done(one, "delivery.retry", **told)
    [file] = office.rows(other, "deliveries", undelivered="true")
    assert (file["delivery_state"], file["attempts"]) == ("queued", 0)
    office.done(one, "delivery.retry", **told, is_cancelled=True)
    assert office.rows(other, "deliveries", undelivered="true") == []
    again = office.do(one, "delivery.retry", **told, is_cancelled=True)
    assert isinstance(again, Refused)
    assert again.code == "E-STATE"
    office.done(one, "delivery.retry", **told)
    [file] = office.rows(other, "deliveries", undelivered="true")
    assert file["delivery_state"] == "queued"
    unknown = office.do(one, "delivery.retry", **told | {"name": "merchant-1.csv"})
    assert "posswitch show deliveries" in refused(unknown)


def test_a_way_is_over_once_two_people_say_so(bureau: Bureau, two: tuple[Person, Person]) -> None:
    one, other = two
    shop = min(MERCHANT_OF.values())
    bureau.done_by_two(one, other, "delivery.save", merchant=shop, directory="shop/inbox")
    bureau.done_by_two(one, other, "delivery.end", merchant=shop)
    assert [row["is_active"] for row in bureau.rows(one, "delivery_ways")] == [False, True]
    again = refused(bureau.with_code(one, "delivery.end", merchant=shop))
    assert "no file is brought there as that" in again


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"directory": "x"}, "a merchant or an issuer is named"),
        (
            {"merchant": min(MERCHANT_OF.values()), "issuer": "48882900", "directory": "x"},
            "a merchant or an issuer",
        ),
        ({"issuer": "48882900", "directory": "/etc"}, "begins without /"),
        ({"issuer": "48882900", "directory": "../etc"}, "none begins with ."),
        ({"issuer": "48882900", "directory": "a/../b"}, "none begins with ."),
        ({"issuer": "48882900", "directory": "x", "host": "h"}, "server-login and host-key"),
        ({"issuer": "48882900", **SERVER, "host": None}, "server-login and host-key"),
        ({"issuer": "48882900", **SERVER, "host_key": "ssh-rsa " + HOST_KEY[12:]}, "no key of a"),
        ({"issuer": "48882900", **SERVER, "host_key": "ssh-ed25519 AAAA"}, "no key of a server"),
        ({"issuer": "48882900", **SERVER, "host_key": "ssh-ed25519 AAA"}, "no key of a server"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(
    bureau: Bureau, two: tuple[Person, Person], values: dict[str, Any], said: str
) -> None:
    ask = bureau.do if said == "none begins with ." else bureau.with_code
    assert said in refused(ask(two[0], "delivery.save", **values))
