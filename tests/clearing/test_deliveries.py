"""Files of released dates reach whom they are for: at least once, never half, never before."""

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.deliveries import (
    OVERDUE,
    TAKEN,
    TRIES_MAX,
    WAIT_MAX,
    WAIT_MIN,
    Errand,
    deliver,
    take_due,
    wait_after,
)
from clearing.directories import Directory
from clearing.forms import FORMS
from clearing.handout import hand_out
from clearing.run import run_clearing
from clearing.sending import SendingError
from host.model.deliveries import FileForm
from host.rules.delivery_states import DELIVERY_STATES, DeliveryState
from host.rules.states import NOTHING
from tests.clearing.conftest import DAY, MERCHANTS
from tests.clearing.test_standing import release

Connection = psycopg.Connection[Any]
KEY = Ed25519PrivateKey.generate()
NAME = f"20260930-merchant-{MERCHANTS[1]}.txt"


class Post:
    """A date that is cleared, a way of a merchant's, and a clock that is set."""

    def __init__(self, owner: Connection, night: str, files: Path) -> None:
        self.owner, self.night, self.files = owner, night, files
        self.now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
        self.fault = ""

    @property
    def inbox(self) -> Path:
        return self.files / "inbox"

    @property
    def errand(self) -> Errand:
        return Errand(self.connect, self.files, KEY, self.opens, lambda: self.now)

    def connect(self) -> Connection:
        return psycopg.connect(self.night, autocommit=True)

    @contextlib.contextmanager
    def opens(self, delivery: Any) -> Iterator[Directory]:
        if self.fault:
            raise SendingError(self.fault)
        yield Directory(self.files / delivery.directory)

    def way(self, form: str = "fixed", *, is_acknowledged: bool = False, **more: Any) -> None:
        told = {
            "merchant_id": 1, "form": form, "directory": "inbox", "is_active": True,
            "is_acknowledged": is_acknowledged, "set_at": self.now, "set_by": "wu",
            "agreed_by": "li", **more,
        }  # fmt: skip
        self.owner.execute(
            f"INSERT INTO delivery_way ({', '.join(told)})"
            f" VALUES ({', '.join(['%s'] * len(told))})",
            list(told.values()),
        )

    def hand_out(self) -> None:
        release(self.owner)
        with psycopg.connect(self.night) as night:
            assert hand_out(night, self.files, KEY) == [DAY]

    def round(self) -> list[tuple[str, str]]:
        with self.connect() as night:
            taken = take_due(night, self.now, 64)
        brought = [deliver(self.errand, one) for one in taken]
        return [(str(one.state), one.why) for one in brought]

    def row(self) -> dict[str, Any]:
        with self.owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            [row] = cursor.execute("SELECT * FROM delivery").fetchall()
        return row

    def later(self, **how: float) -> None:
        self.now += dt.timedelta(**how)


@pytest.fixture
def post(
    day: Any, owner: Connection, night_login: Connection, database: Any, tmp_path: Path
) -> Post:
    assert day.date == DAY
    run_clearing(night_login, tmp_path)
    return Post(owner, database.night, tmp_path)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir()) if path.exists() else []


def test_a_file_is_brought_once_its_date_is_handed_out_with_a_manifest_that_is_signed(
    post: Post,
) -> None:
    """S4-79: as the party takes it, read back, and proved by the public key alone."""
    post.way()
    assert post.round() == []
    assert names(post.inbox) == []
    post.hand_out()
    assert post.round() == [("delivered", "")]
    assert names(post.inbox) == [NAME, f"{NAME}.manifest.csv", f"{NAME}.manifest.csv.ed25519"]
    content = (post.inbox / NAME).read_bytes()
    manifest = (post.inbox / f"{NAME}.manifest.csv").read_bytes()
    signature = (post.inbox / f"{NAME}.manifest.csv.ed25519").read_text()
    KEY.public_key().verify(bytes.fromhex(signature), manifest)
    digest = hashlib.sha256(content)
    assert manifest.decode().splitlines()[1] == f"{NAME},7,{digest.hexdigest()}"
    row = post.row()
    assert (row["size_bytes"], bytes(row["sha256"])) == (len(content), digest.digest())
    assert row["delivered_at"] == post.now
    post.later(days=1)
    assert post.round() == []
    assert [one for one in names(post.files / "released/20260930") if one[0] == "."] == []


def test_each_form_of_a_party_is_brought_and_the_way_said_last_is_taken(post: Post) -> None:
    post.way("csv", directory="old")
    post.way("csv")
    post.way("xlsx")
    post.way("fixed")
    post.way("fixed", is_active=False)
    post.way("csv", merchant_id=None, issuer_id=1, directory="bank")
    post.hand_out()
    assert post.round() == [("delivered", "")] * 3
    whole = [one for one in names(post.inbox) if "manifest" not in one]
    assert whole == [NAME.replace(".txt", suffix) for suffix in (".csv", ".xlsx")]
    released = post.files / "released/20260930" / f"merchant-{MERCHANTS[1]}.csv"
    assert (post.inbox / whole[0]).read_bytes() == released.read_bytes()
    assert names(post.files / "bank")[0] == "20260930-issuer-99880000.csv"
    assert not (post.files / "old").exists()


def test_what_cannot_be_brought_waits_longer_each_time_and_is_given_up_in_the_end(
    post: Post,
) -> None:
    post.way()
    post.hand_out()
    post.fault = "it does not answer"
    for tried in range(1, TRIES_MAX + 1):
        is_over = tried == TRIES_MAX
        assert post.round() == [("failed" if is_over else "queued", post.fault)]
        row = post.row()
        assert (row["attempts"], row["last_error"]) == (tried, post.fault)
        assert row["next_at"] - post.now == wait_after(tried)
        post.now = row["next_at"] - dt.timedelta(seconds=1)
        assert post.round() == []
        post.later(seconds=1)
    assert post.round() == []
    assert (wait_after(1), wait_after(2), wait_after(999)) == (WAIT_MIN, 2 * WAIT_MIN, WAIT_MAX)


def test_one_that_fails_keeps_no_other_back(post: Post) -> None:
    post.way(directory="inbox")
    post.way(merchant_id=2, directory="blocked/inbox")
    (post.files / "blocked").write_text("a file is in the way")
    post.hand_out()
    states = post.round()
    assert sorted(state for state, _ in states) == ["delivered", "queued"]
    assert [why for _, why in states if why] != [""]
    assert NAME in names(post.inbox)


def test_who_dies_on_the_way_leaves_it_to_the_next_who_sends_it_again(post: Post) -> None:
    """At least once: it may have come before it was written down, and is not there twice."""
    post.way()
    post.hand_out()
    with post.connect() as night:
        [taken] = take_due(night, post.now, 64)
        assert take_due(night, post.now, 64) == []
    with pytest.raises(KeyboardInterrupt):
        deliver(post.errand._replace(connect=_dies), taken)
    assert NAME in names(post.inbox)
    assert post.row()["state"] == "queued"
    post.now += TAKEN
    assert post.round() == [("delivered", "")]
    assert deliver(post.errand, taken).state == "delivered"  # who was slow writes nothing
    assert post.row()["delivered_at"] == post.now


def _dies() -> Any:
    raise KeyboardInterrupt


def test_a_file_that_is_not_what_was_released_is_not_brought(post: Post) -> None:
    post.way()
    post.hand_out()
    path = post.files / "released/20260930" / f"merchant-{MERCHANTS[1]}.csv"
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b"more")
    [(state, why)] = post.round()
    assert (state, "is not what was released" in why) == ("queued", True)
    assert names(post.inbox) == []


def test_a_party_says_that_it_has_its_file(post: Post) -> None:
    """S4-79: it is asked for until then."""
    post.way(is_acknowledged=True)
    post.hand_out()
    assert post.round() == [("sent", "")]
    post.later(minutes=1)
    assert post.round() == [("sent", OVERDUE)]
    (post.inbox / f"{NAME}.ack").write_text(
        hashlib.sha256((post.inbox / NAME).read_bytes()).hexdigest()
    )
    assert post.round() == []
    post.later(minutes=1)
    assert post.round() == [("acknowledged", "")]
    assert post.row()["acknowledged_at"] == post.now
    post.later(days=9)
    assert post.round() == []


def test_a_party_that_has_another_file_ends_it_and_people_are_told(post: Post) -> None:
    post.way(is_acknowledged=True)
    post.hand_out()
    post.round()
    (post.inbox / f"{NAME}.ack").write_text("00" * 32)
    post.later(minutes=1)
    [(state, why)] = post.round()
    assert (state, why.startswith("the acknowledgement says '0000")) == ("failed", True)
    assert post.row()["last_error"] == why


def test_every_form_can_be_asked_for_and_every_state_is_reached() -> None:
    assert [*FORMS] == [*FileForm]
    assert {step.after for step in DELIVERY_STATES} == {*DeliveryState}
    assert {step.before for step in DELIVERY_STATES} <= {NOTHING, *DeliveryState}
