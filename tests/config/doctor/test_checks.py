"""`posswitch doctor`: what it finds of houses that are up, down, damaged, or somebody else's."""

import datetime as dt
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config.doctor.checks import CHECKS, Found, as_builtins, examine, is_well
from config.doctor.findings import State
from config.doctor.report import COLUMNS, print_report
from config.places import Places, locked, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import loader
from config.run.postgres import is_serving
from config.settings import DatabaseSettings
from host.clock import utc_now
from host.link.certificates import certificate_of, new_key
from tests.commands import run_command
from tests.disks import fill, small_disk
from tests.host.conftest import PLAN

EMBEDDED = DatabaseSettings()
WIDTH = 80


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A data directory with the demo estate, and its server running; host and switch are down."""
    found = places_of(tmp_path_factory.mktemp("doctor") / "data")
    with opened_database(EMBEDDED, found, say=lambda _: None):
        loader(PLAN, "Asia/Shanghai")(embedded_dsns(found.cluster).owner, found)
        found.settings.write_text('[[channels]]\nname = "pos"\nport = 0\n')
        yield found


def of(found: list[Found], check: str) -> list[Found]:
    return [each for each in found if each.check == check]


def test_every_check_says_how_a_house_should_be() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.should_be.endswith(".") for check in CHECKS)


def test_a_house_in_order_has_nothing_to_mend(places: Places) -> None:
    found = examine(places.data, None)
    assert [each for each in found if each.state is State.WRONG] == []
    assert {each.check for each in found} == {check.name for check in CHECKS}
    assert "open under the LMK" in of(found, "keys")[0].found
    assert "behind ours" in of(found, "clock")[0].found or "ahead of" in of(found, "clock")[0].found
    assert "neither host nor switch runs" in of(found, "programs")[0].found


def on_any_port(directory: Path) -> Path:
    """Settings, so that whatever else this machine listens on is no finding."""
    settings = directory / "posswitch.toml"
    settings.write_text('[[channels]]\nname = "pos"\nport = 0\n')
    return settings


def test_a_house_that_is_not_made_yet_has_nothing_wrong(tmp_path: Path) -> None:
    found = examine(tmp_path / "new", on_any_port(tmp_path))
    assert is_well(found)
    assert of(found, "database")[0].state is State.UNSEEN
    assert "posswitch up" in of(found, "database")[0].cure
    assert not (tmp_path / "new").exists()


def test_a_house_that_is_down_is_looked_at_and_left_down(tmp_path: Path) -> None:
    """Its server is started for it; where another posswitch holds the directory, it is not."""
    down = places_of(tmp_path / "data")
    with opened_database(EMBEDDED, down, say=lambda _: None):
        loader(PLAN, "Asia/Shanghai")(embedded_dsns(down.cluster).owner, down)
    found = examine(down.data, None)
    assert of(found, "database")[0].found.startswith("PostgreSQL ")
    assert "open under the LMK" in of(found, "keys")[0].found
    assert not is_serving(down.cluster)
    with locked(down):
        [database] = of(examine(down.data, None), "database")
    assert "takes no clients" in database.found
    assert "postgres.log" in database.cure


def test_a_key_that_does_not_open_is_named_with_its_cure(places: Places) -> None:
    tid = PLAN.terminals[0].terminal_id
    owner = embedded_dsns(places.cluster).owner
    with psycopg.connect(owner, autocommit=True) as connection:
        [(block,)] = connection.execute(
            "SELECT block FROM terminal_key WHERE terminal_id = %s AND usage = 'tmk'", [tid]
        ).fetchall()
        other = block[:-1] + ("0" if block[-1] != "0" else "1")
        change = "UPDATE terminal_key SET block = %s WHERE terminal_id = %s AND usage = 'tmk'"
        connection.execute(change, [other, tid])
        try:
            [finding] = of(examine(places.data, None), "keys")
        finally:
            connection.execute(change, [block, tid])
    assert finding.state is State.WRONG
    assert tid in finding.found
    assert f"posswitch keys generate {tid} --replace" in finding.cure


def test_a_server_that_may_lose_what_it_confirmed_is_wrong(places: Places) -> None:
    owner = embedded_dsns(places.cluster).owner
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER ROLE host SET synchronous_commit = off")
        try:
            [finding] = of(examine(places.data, None), "durability")
        finally:
            connection.execute("ALTER ROLE host RESET synchronous_commit")
    assert finding.state is State.WRONG
    assert "ALTER ROLE" in finding.cure


def test_a_day_that_was_not_closed_is_told(places: Places) -> None:
    owner = embedded_dsns(places.cluster).owner
    move = "UPDATE business_day SET business_date = business_date + %s WHERE state = 'open'"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(move, [-2])
        try:
            [finding] = of(examine(places.data, None), "date")
        finally:
            connection.execute(move, [2])
    assert (finding.state, finding.cure) == (State.DOUBT, "posswitch clearing run, after cut-off")


def test_a_port_that_another_has_is_named_with_the_command_that_finds_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = tmp_path / "posswitch.toml"
        settings.write_text(f'[[channels]]\nname = "till"\nport = {port}\n')
        [finding] = of(examine(tmp_path / "new", settings), "ports")
    assert finding.state is State.WRONG
    assert f"till cannot listen on 127.0.0.1:{port}" in finding.found
    assert f"ss -ltnp 'sport = :{port}'" in finding.cure


def test_settings_that_make_no_sense_are_told_by_key_and_the_rest_goes_on(tmp_path: Path) -> None:
    settings = tmp_path / "posswitch.toml"
    settings.write_text("[host]\nwriter = 3\n")
    found = examine(tmp_path / "new", settings)
    [finding] = of(found, "settings")
    assert finding.state is State.WRONG
    assert "host.writer" in finding.found
    assert of(found, "ports")[0].state is State.UNSEEN
    assert of(found, "disk")


def test_a_variable_that_is_not_set_here_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSSWITCH_NOBODY", raising=False)
    settings = tmp_path / "posswitch.toml"
    settings.write_text('[database]\nhost = "env:POSSWITCH_NOBODY"\n')
    found = examine(tmp_path / "new", settings)
    assert of(found, "settings")[0].state is State.DOUBT
    assert "export POSSWITCH_NOBODY" in of(found, "settings")[0].cure
    assert of(found, "database")[0].state is State.WRONG


def test_a_database_that_does_not_answer_is_wrong(tmp_path: Path) -> None:
    settings = tmp_path / "posswitch.toml"
    dsn = f"host={tmp_path} port=5432 dbname=x user=x"
    settings.write_text(f'[database]\nhost = "{dsn}"\nnight = "{dsn}"\n')
    [finding] = of(examine(tmp_path / "new", settings), "database")
    assert finding.state is State.WRONG
    assert "compare [database]" in finding.cure


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [(400, State.GOOD, "good until"), (10, State.DOUBT, "days"), (-1, State.WRONG, "ended on")],
)
@pytest.mark.parametrize(
    "place", ['[[channels]]\nname = "app"\nport = 0\n[channels.tls]', "[web.tls]"]
)
def test_the_date_of_a_certificate_is_told_of_channels_and_of_pages(
    tmp_path: Path, place: str, days: int, state: State, words: str
) -> None:
    key = new_key(is_p256=True)
    made = utc_now() - dt.timedelta(days=5)
    certificate = certificate_of(key, "switch", made, dt.timedelta(days=5 + days, hours=1))
    (tmp_path / "tls.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "tls.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    settings = tmp_path / "posswitch.toml"
    files = f'certificate = "{tmp_path}/tls.crt"\nkey = "{tmp_path}/tls.key"\n'
    settings.write_text(f"{place}\n{files}")
    (tmp_path / "tls.key").chmod(0o600)
    [finding] = of(examine(tmp_path / "new", settings), "certificates")
    assert finding.state is state
    assert words in finding.found
    (tmp_path / "tls.key").chmod(0o644)
    [first, *_] = of(examine(tmp_path / "new", settings), "certificates")
    assert (first.state, first.cure[:9]) == (State.WRONG, "chmod 600")


def test_secrets_that_others_may_read_are_told(places: Places) -> None:
    places.lmk.chmod(0o644)
    try:
        found = of(examine(places.data, None), "secrets")
    finally:
        places.lmk.chmod(0o600)
    assert found[0].state is State.WRONG
    assert found[0].cure == f"chmod 600 {places.lmk}"


def test_a_directory_of_another_user_is_the_one_finding(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 65534, 65534)
    found = examine(data, None)
    assert [(each.check, each.state) for each in found] == [("directory", State.WRONG)]
    assert "belongs to" in found[0].found
    assert "E-DATA-OWNER" in found[0].cure


def test_the_report_fits_eighty_columns_and_is_json_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    found = examine(tmp_path / "new", on_any_port(tmp_path))
    print_report(found, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(json.dumps(as_builtins(found)))
    assert told["is_well"] is True
    assert {"check", "state", "found", "cure"} == set(told["findings"][0])
    assert len(COLUMNS) == 3


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return run_command("doctor", *words)


def test_the_command_ends_with_1_where_something_is_wrong(tmp_path: Path, places: Places) -> None:
    (tmp_path / "bad.toml").write_text("[[channel]]\n")
    done = run("--data", places.data, "--settings", tmp_path / "bad.toml")
    assert done.returncode == 1
    assert "settings" in done.stdout
    assert ", 1 wrong, " in done.stdout
    assert run("--data", places.data, "--json").returncode == 0


def test_what_a_full_disk_keeps_from_being_done_is_told_of_each(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with small_disk(data) as place, small_disk(place / "log"), small_disk(place / "files") as files:
        fill(place / "log" / "ballast")
        fill(files / "ballast")
        found = [one.found for one in of(examine(place, None), "disk") if one.state is State.WRONG]
        assert len(found) == 3
        assert found[0].endswith("MB free: sales are answered 96 once nothing can be written")
        assert found[1].endswith("free: lines of the logs are lost")
        assert found[2].endswith("free: no date is finished without its files")
