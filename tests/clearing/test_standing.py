"""How nights stand, whether they are as they were left, and what of them is handed out."""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.handout import MANIFEST, RELEASED, SIGNATURE, hand_out
from clearing.night import ClearingError
from clearing.run import STEPS, Summary, run_clearing
from clearing.standing import refuse_unfinished, show, status, verify_night

Connection = psycopg.Connection[Any]
DAY = dt.date(2026, 9, 30)


def release(owner: Connection) -> None:
    owner.execute(
        "INSERT INTO clearing_release SELECT business_date, 'li', now(), 1, 'CNY', left_digest,"
        " '{zhang}' FROM clearing_step WHERE step = 'files'"
    )


@pytest.fixture
def cleared(day: Any, night_login: Connection, tmp_path: Path) -> Summary:
    """A night that somebody ran to its end."""
    assert day.date == DAY
    return run_clearing(night_login, tmp_path, who="zhang")


@pytest.mark.usefixtures("day")
def test_who_runs_the_night_is_seen_while_it_runs_and_where_dates_stand_before_and_after(
    database: Any, night_login: Connection, tmp_path: Path
) -> None:
    told = []
    with psycopg.connect(database.night, autocommit=True) as beside:

        def look() -> dict[str, int]:
            told.append(status(beside, tmp_path))
            return {}

        look()
        run_clearing(night_login, tmp_path, who="zhang", owed=look)
        look()
    before, during, after = told
    assert (before.run_by, during.run_by, after.run_by) == ("", "zhang", "")
    assert during.since is not None
    assert [one.dates[-1].state for one in told] == ["open", "closed", "files_out"]
    assert (after.dates[0].state, after.dates[-1].run_by) == ("open", "zhang")
    assert after.dates[-1].steps == len(STEPS)


def test_a_date_is_shown_with_all_that_its_night_left(
    cleared: Summary, night_login: Connection, tmp_path: Path
) -> None:
    told = show(night_login, tmp_path, DAY)
    assert [(one.step, one.detail) for one in told.steps] == [
        (one.name, one.detail) for one in cleared.steps
    ]
    assert [one.left_digest and one.left_digest.hex() for one in told.steps] == [
        one.left for one in cleared.steps
    ]
    assert (told.positions, told.files) == (cleared.positions, cleared.files)
    assert told.findings == cleared.findings
    for none in (dt.date(2030, 1, 1), dt.date(2019, 12, 31), dt.date.min, dt.date.max):
        for look in (show, verify_night, refuse_unfinished):
            with pytest.raises(ClearingError, match=f"{none} is not a business date"):
                look(night_login, tmp_path, none)


def test_what_is_no_longer_as_it_was_left_is_named(
    cleared: Summary, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    assert verify_night(night_login, tmp_path, DAY) == []
    gone, other, *_ = cleared.files
    (cleared.files_dir / gone.name).unlink()
    with (cleared.files_dir / other.name).open("a") as file:
        file.write("more")
    owner.execute("UPDATE position SET debit_minor = debit_minor + 1 WHERE merchant_id = 2")
    assert verify_night(night_login, tmp_path, DAY) == [
        "what step net left is not there as it was",
        f"file {gone.name} is not there",
        f"file {other.name} is not as it was written",
    ]
    with pytest.raises(ClearingError, match=f"clearing run --date {DAY + dt.timedelta(1)}"):
        verify_night(night_login, tmp_path, DAY + dt.timedelta(1))


def test_files_are_handed_out_once_their_date_is_released_with_a_manifest_that_is_signed(
    cleared: Summary, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """S4-79: nothing before, and what is handed out proves itself by the public key alone."""
    key = Ed25519PrivateKey.generate()
    assert hand_out(night_login, tmp_path, key) == []
    assert owner.execute("SELECT count(*) FROM clearing_handed_out").fetchall() == [(0,)]
    assert not (tmp_path / RELEASED).exists()
    release(owner)
    assert hand_out(night_login, tmp_path, key) == [DAY]
    out = tmp_path / RELEASED / cleared.files_dir.name
    for file in cleared.files:
        assert (out / file.name).read_bytes() == (cleared.files_dir / file.name).read_bytes()
    manifest = (out / MANIFEST).read_bytes()
    key.public_key().verify(bytes.fromhex((out / SIGNATURE).read_text()), manifest)
    assert manifest.decode().splitlines()[1:] == [
        f"{file.name},{file.items},{file.sha256.hex()}" for file in cleared.files
    ]
    [(at,)] = owner.execute("SELECT handed_out_at FROM clearing_handed_out").fetchall()
    assert hand_out(night_login, tmp_path, key) == []
    assert owner.execute("SELECT handed_out_at FROM clearing_handed_out").fetchall() == [(at,)]
    assert {path.name for path in (tmp_path / RELEASED).iterdir()} == {out.name}


@pytest.mark.parametrize("what", ["gone", "in the way"])
@pytest.mark.usefixtures("cleared")
def test_a_date_that_cannot_be_handed_out_keeps_no_other_back(
    owner: Connection, night_login: Connection, tmp_path: Path, what: str
) -> None:
    """S4-79: it is named each time, and the dates after it are out."""
    key, after = Ed25519PrivateKey.generate(), DAY + dt.timedelta(1)
    run_clearing(night_login, tmp_path, after, who="zhang")
    release(owner)
    broken = next((tmp_path / f"{DAY:%Y%m%d}").iterdir())
    broken.unlink()
    if what == "in the way":
        broken.mkdir()
    for _ in range(2):
        with pytest.raises(ClearingError, match=f"files of {DAY} were not handed out"):
            hand_out(night_login, tmp_path, key)
        assert {path.name for path in (tmp_path / RELEASED).iterdir()} == {f"{after:%Y%m%d}"}
    assert owner.execute("SELECT business_date FROM clearing_handed_out").fetchall() == [(after,)]


@pytest.mark.usefixtures("cleared")
def test_a_date_that_was_handed_out_as_its_night_died_is_known_to_be_out(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """FAULTS: its directory is there, its row is not."""
    release(owner)
    key = Ed25519PrivateKey.generate()
    hand_out(night_login, tmp_path, key)
    owner.execute("DELETE FROM clearing_handed_out")
    assert hand_out(night_login, tmp_path, key) == []
    assert owner.execute("SELECT business_date FROM clearing_handed_out").fetchall() == [(DAY,)]


@pytest.mark.parametrize("what", ["gone", "changed", "recorded anew"])
def test_a_date_is_handed_out_whole_or_not_at_all(
    cleared: Summary, owner: Connection, night_login: Connection, tmp_path: Path, what: str
) -> None:
    release(owner)
    file = cleared.files_dir / cleared.files[-1].name
    if what == "gone":
        file.unlink()
    elif what == "changed":
        file.write_bytes(file.read_bytes().replace(b"50.00", b"90.00"))
    else:
        owner.execute("UPDATE clearing_file SET items = items + 1 WHERE name = %s", [file.name])
    with pytest.raises(ClearingError, match="were not handed out"):
        hand_out(night_login, tmp_path, Ed25519PrivateKey.generate())
    assert not list((tmp_path / RELEASED).glob("*")) if (tmp_path / RELEASED).exists() else True
