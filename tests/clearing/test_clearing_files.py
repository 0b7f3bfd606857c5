import contextlib
import csv
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing import files
from clearing.layout import COLUMNS, LAYOUT, amount_text
from clearing.night import ClearingError
from clearing.run import Summary, run_clearing
from tests.disks import database_directory, fill, small_disk

Connection = psycopg.Connection[Any]
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def cleared(
    module_day: Any, module_database: Any, tmp_path_factory: pytest.TempPathFactory
) -> Summary:
    assert module_day.date
    with psycopg.connect(module_database.night) as night:
        return run_clearing(night, tmp_path_factory.mktemp("files"))


def rows_of(summary: Summary, name: str) -> Rows:
    with (summary.files_dir / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def records(rows: Rows, record: str) -> Rows:
    return [row for row in rows if row["record"] == record]


def test_every_merchant_and_issuer_gets_one_file(cleared: Summary) -> None:
    names = ["issuer-99770000.csv", "issuer-99880000.csv"]
    names += ["merchant-888290054110001.csv", "merchant-888290054110002.csv"]
    assert [file.name for file in cleared.files] == names
    assert sorted(path.name for path in cleared.files_dir.iterdir()) == names
    assert cleared.files_dir.name == "20260930"


def test_a_file_has_a_row_for_each_journal_then_totals_then_its_end(cleared: Summary) -> None:
    rows = rows_of(cleared, "merchant-888290054110001.csv")
    assert [(row["rrn"], row["kind"], row["amount"], row["unit"]) for row in rows] == [
        ("093000000007", "purchase", "123.45", "CNY"),
        ("093000000009", "cash_load", "-200.00", "CNY"),
        ("093000000010", "points_redemption", "100", "P:RED"),
        ("093000000013", "purchase", "1.00", "CNY"),
        ("093000000014", "reversal", "-1.00", "CNY"),
        ("093000000015", "purchase", "9.00", "CNY"),
        ("093000000016", "refund", "-3.00", "CNY"),
        ("", "", "-70.55", "CNY"),
        ("", "", "100", "P:RED"),
        ("", "", "", ""),
    ]
    assert [row["record"] for row in rows[-3:]] == ["TOTAL", "TOTAL", "END"]
    assert [row["rows"] for row in rows[-3:]] == ["6", "1", "7"]
    assert rows[0]["points_earned"] == "123"
    assert rows[4]["original_rrn"] == rows[3]["rrn"]
    assert (rows[0]["batch"], rows[0]["trace"]) == ("000012", "000001")


def test_totals_of_a_merchants_file_are_its_positions(cleared: Summary) -> None:
    for merchant in ("888290054110001", "888290054110002"):
        totals = records(rows_of(cleared, f"merchant-{merchant}.csv"), "TOTAL")
        nets: dict[str, int] = {}
        for one in cleared.positions:
            if one.merchant == merchant:
                nets[one.unit] = nets.get(one.unit, 0) + one.net.amount_minor
        texts = {unit: amount_text(net, unit) for unit, net in nets.items()}
        assert {row["unit"]: row["amount"] for row in totals} == texts


def test_issuers_files_hold_the_very_rows_of_merchants_files(cleared: Summary) -> None:
    sides: dict[str, list[tuple[str, ...]]] = {"merchant": [], "issuer": []}
    for file in cleared.files:
        details = records(rows_of(cleared, file.name), "DETAIL")
        assert len(details) == file.items
        sides[file.side] += [tuple(row.values()) for row in details]
    assert sorted(sides["merchant"]) == sorted(sides["issuer"])
    assert sides["merchant"]


@pytest.mark.usefixtures("day")
def test_files_are_the_same_in_however_many_pieces_they_come(
    night_login: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat compares them with what they were when each merchant came in one piece."""
    first = run_clearing(night_login, tmp_path)
    seen: list[int] = []
    hold = files._Shared.hold

    def counts(shared: Any, piece: files.Piece) -> None:
        seen.append(piece.items)
        hold(shared, piece)

    monkeypatch.setattr(files._Shared, "hold", counts)
    monkeypatch.setattr(files, "ROWS_PER_PIECE", 0)
    monkeypatch.setattr(files, "ROWS_HELD_MAX", 2)
    again = run_clearing(night_login, tmp_path, first.business_date)
    assert again.files == first.files
    assert len(seen) > sum(file.side == "merchant" for file in first.files)


def test_a_file_shows_a_card_by_its_mask_only(cleared: Summary) -> None:
    details = records(rows_of(cleared, "issuer-99880000.csv"), "DETAIL")
    assert details
    assert all("******" in row["card"] for row in details)


def test_a_merchant_without_trade_gets_an_empty_file(
    ledger: Any, night_login: Connection, tmp_path: Path
) -> None:
    ledger.purchase(1, 100)
    summary = run_clearing(night_login, tmp_path)
    rows = rows_of(summary, "merchant-888290054110002.csv")
    assert [(row["record"], row["rows"]) for row in rows] == [("END", "0")]


@pytest.mark.usefixtures("day")
def test_files_half_published_are_completed_by_the_next_run(
    night_login: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = files._Draft.publish
    published: list[str] = []

    def dies_at_the_third(draft: Any) -> None:
        if len(published) == 2:
            raise KeyboardInterrupt
        publish(draft)
        published.append(draft.file.name)

    with monkeypatch.context() as patch:
        patch.setattr(files._Draft, "publish", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            run_clearing(night_login, tmp_path)
    there = {path.name for path in (tmp_path / "20260930").iterdir()}
    assert there == set(published)
    summary = run_clearing(night_login, tmp_path)
    assert {path.name for path in summary.files_dir.iterdir()} == {
        file.name for file in summary.files
    }


@pytest.mark.usefixtures("day")
def test_a_draft_left_by_a_killed_night_is_replaced(
    night_login: Connection, tmp_path: Path
) -> None:
    directory = tmp_path / "20260930"
    directory.mkdir()
    (directory / ".merchant-888290054110001.csv.draft").write_text("half a row")
    summary = run_clearing(night_login, tmp_path)
    assert len(list(directory.iterdir())) == len(summary.files)


@pytest.mark.usefixtures("day")
def test_a_merchant_id_never_leads_out_of_the_directory(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    owner.execute("UPDATE merchant SET merchant_id = '../../x,\"=1+1\\ ' WHERE id = 2")
    summary = run_clearing(night_login, tmp_path)
    assert len(list(summary.files_dir.iterdir())) == 4
    name = next(file.name for file in summary.files if file.party.startswith(".."))
    assert "/" not in name
    assert records(rows_of(summary, name), "DETAIL")[0]["merchant_id"].startswith("../../x,")


def test_the_header_is_the_column_table() -> None:
    assert tuple(column.name for column in COLUMNS) == LAYOUT.header
    assert len(set(LAYOUT.header)) == len(LAYOUT.header)
    assert all(column.meaning for column in COLUMNS)


@pytest.mark.parametrize(
    ("amount_minor", "unit", "text"),
    [
        (0, "CNY", "0.00"),
        (-5, "CNY", "-0.05"),
        (123_456_789, "CNY", "1234567.89"),
        (-7, "P:R", "-7"),
    ],
)
def test_amounts_have_a_sign_and_their_units_decimals(
    amount_minor: int, unit: str, text: str
) -> None:
    assert amount_text(amount_minor, unit) == text


MANY = 1_500


def test_there_may_be_more_parties_than_a_process_may_open_files(
    ledger: Any, night_login: Connection, tmp_path: Path
) -> None:
    """One file is open at a time, however many merchants there are."""
    ledger.run(
        "INSERT INTO merchant SELECT n, to_char(n, 'FM000000000000000'), 'Shop' || n"
        " FROM generate_series(1000, %s) AS n",
        1_000 + MANY,
    )
    ledger.purchase(1, 100)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_open_now() + 20, limits[1]))
    try:
        summary = run_clearing(night_login, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(list(summary.files_dir.iterdir())) == len(summary.files) == 4 + MANY + 1


def _open_now() -> int:
    return max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers


@pytest.mark.usefixtures("day")
def test_a_full_disk_under_the_files_is_a_sentence_and_leaves_no_draft(
    night_login: Connection, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "files") as disk:
        filler = disk / "filler"
        fill(filler)
        with pytest.raises(ClearingError, match=r"No space left on device.*Next: make room there"):
            run_clearing(night_login, disk)
        assert [path.name for path in disk.rglob("*") if path.is_file()] == ["filler"]
        filler.unlink()
        summary = run_clearing(night_login, disk)
        assert len(list(summary.files_dir.iterdir())) == len(summary.files) == 4


@pytest.mark.usefixtures("day")
def test_no_file_has_its_name_before_all_are_durable(
    night_login: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def fails_for_one(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name.startswith(".merchant-"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails_for_one)
        with pytest.raises(ClearingError, match="Input/output error"):
            run_clearing(night_login, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(run_clearing(night_login, tmp_path).files) == 4


@pytest.mark.usefixtures("day")
def test_a_full_disk_under_postgresql_is_a_sentence_and_the_night_goes_on_when_there_is_room(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    with small_disk(database_directory()) as disk, own_tablespace(owner, disk, night_login):
        fill(disk / "filler")
        with pytest.raises(ClearingError, match="PostgreSQL has no room left on its disk"):
            run_clearing(night_login, tmp_path)
        assert not list(tmp_path.rglob("*.draft"))
        (disk / "filler").unlink()
        assert len(run_clearing(night_login, tmp_path).files) == 4


@contextlib.contextmanager
def own_tablespace(owner: Connection, disk: Path, night: Connection) -> Iterator[None]:
    """What the night lays out goes to this disk."""
    name = f"small_{os.urandom(4).hex()}"
    place = disk / "tablespace"
    place.mkdir()
    server = owner.execute("SHOW data_directory").fetchone()
    assert server is not None
    belongs_to = Path(server[0]).stat()
    os.chown(place, belongs_to.st_uid, belongs_to.st_gid)
    owner.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'")
    try:
        owner.execute(f"GRANT CREATE ON TABLESPACE {name} TO PUBLIC")
        night.execute(f"SET temp_tablespaces = {name}")
        yield
        night.execute("RESET temp_tablespaces")
    finally:
        owner.execute(f"DROP TABLESPACE {name}")
