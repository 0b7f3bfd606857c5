"""Settings: defaults that work, errors that name the key and the cure."""

import re
from pathlib import Path

import msgspec
import pytest

from config.errors import SettingsError, told
from config.language import chinese_of
from config.places import places_of
from config.settings import Settings, load_settings, resolved, revealed, siblings_of
from switch.settings import ChannelSettings, SwitchSettings

WRONG = (
    (
        "[host]\nwriterz = 3",
        "host.writerz: there is no such setting. Next: did you mean writers?",
    ),
    ("[hosts]\n", "hosts: there is no such setting. Next: did you mean host?"),
    ("[[channel]]\n", "channel: there is no such setting. Next: did you mean channels?"),
    (
        "[host]\nzzzz = 1",
        "host.zzzz: there is no such setting. Next: nearest here: ",
    ),
    ("[log]\ncolour = 1", "log.colour: there is no such setting. Next: known here: level"),
    ("[[channels]]\nprot = 1", "channels[0].prot: there is no such setting. Next: did you"),
    (
        "[switch]\nmetrics_port = 8583\n[[channels]]\nport = 8583",
        "switch.metrics_port: 127.0.0.1:8583 is that of channels.pos, too. Next: give one of",
    ),
    (
        '[web]\nport = 8688\nmetrics_port = 8688\nmetrics_host = "0.0.0.0"',
        "web.metrics_port: 0.0.0.0:8688 is that of web.port, too. Next: give one of them",
    ),
    (
        "[switch]\nprocesses = 2\nmetrics_port = 9000\n[[channels]]\nport = 9001",
        "switch.metrics_port: 127.0.0.1:9001 is that of channels.pos, too. Next: give",
    ),
    ("[switch]\nmetrics_port = 70000", "switch.metrics_port: it is 65535 or less"),
    ('[host]\nwriters = "two"', "host.writers: it is a whole number. Next: mend"),
    ('[[channels]]\nport = "x"', "channels[0].port: it is a whole number. Next: mend"),
    ("[host]\nwriters = 0", "host.writers: it is 1 or more. Next: mend it as docs/"),
    ("[host]\nlock_seconds_max = nan", "host.lock_seconds_max: it is more than 0.0. Next:"),
    ("[host]\nstatement_seconds_max = 0", "host.statement_seconds_max: it is more than 0.0. Next"),
    ("[host]\nconnect_seconds_max = inf", "host.connect_seconds_max: it is 3600.0 or less. Next"),
    (
        '[host]\ntimezone = "Mars/Base"',
        "host.timezone: there is no 'Mars/Base'. Next: write one such as Asia/Shanghai",
    ),
    ('[host]\ntimezone = "../UTC"', "host.timezone: there is no '../UTC'. Next: write one"),
    ('[host]\nlink = "here"', "host.link: 'here' is no place. Next: write unix:PATH or tls:"),
    ('[switch]\nlink = "here"', "switch.link: 'here' is no place. Next: write unix:PATH or"),
    (
        '[log]\nlevel = "loud"',
        "log.level: there is no 'loud'. Next: known here: debug, info, warning, error",
    ),
    (
        '[[channels]]\nkind = "poss"',
        "channels[0].kind: there is no 'poss'. Next: did you mean pos?",
    ),
    ("host = 3", "host: a value of another kind is taken. Next: mend"),
    ("channels = []", "there is no channel. Next: write a [[channels]] table"),
    ("[host\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1"),
)
"""What stands in a file, and how it is told."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "posswitch.toml"


def test_no_file_means_the_defaults(file: Path) -> None:
    assert load_settings(file) == Settings()


def test_every_table_is_read(file: Path) -> None:
    file.write_text(
        '[host]\nwriters = 3\n[switch]\nhost_seconds_max = 12\n[log]\nlevel = "debug"\n'
        '[database]\nhost = "env:HOST_DSN"\n[[channels]]\nname = "a"\nport = 9000\n'
    )
    settings = load_settings(file)
    assert settings.host.writers == 3
    assert settings.switch.host_seconds_max == 12.0
    assert settings.log.level == "debug"
    assert [channel.port for channel in settings.switch.channels] == [9000]
    assert not settings.database.is_embedded


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_setting_is_named_with_its_cure(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as refusal:
        load_settings(file)
    assert str(refusal.value).startswith(str(file))
    assert message in str(refusal.value)


@pytest.mark.parametrize("text", [text for text, _ in WRONG])
def test_a_wrong_setting_is_told_in_chinese_from_its_name_to_its_cure(
    file: Path, text: str
) -> None:
    """Names, words that may be said and what was written stay as they are."""
    file.write_text(text)
    with pytest.raises(SettingsError) as refusal:
        load_settings(file)
    said = chinese_of(f"error {told(refusal.value)}").removeprefix(f"错误 E-SETTINGS: {file}")
    what, cure = said.split("。下一步：")
    for half in (what, cure):
        assert re.search("[\u4e00-\u9fff]", half), said
        assert re.search(r"(?<![`'])\b[a-z]{2,} [a-z]{2,} [a-z]{2,}", half) is None, said


def test_settings_travel_as_json_unchanged(file: Path) -> None:
    file.write_text("[[channels]]\nport = 9000\n")
    settings = load_settings(file)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings


def test_relative_places_are_found_in_the_data_directory(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    settings = resolved(Settings(), places, port=0)
    assert settings.host.link == settings.switch.link == f"unix:{places.run}/host.sock"
    assert Path(settings.switch.saf).parent == places.data
    assert settings.switch.channels[0].port == 0


def test_a_secret_is_read_from_the_environment_when_the_setting_says_so() -> None:
    assert revealed("env:DSN", "database.host", {"DSN": "host=db"}) == "host=db"
    assert revealed("host=db", "database.host", {}) == "host=db"
    with pytest.raises(SettingsError, match=r"database.host .* variable DSN, which is not set"):
        revealed("env:DSN", "database.host", {})


@pytest.mark.parametrize("name", ["switch-saf.db", "saf-2.db", "saf"])
def test_every_process_knows_the_files_of_all_others(name: str, tmp_path: Path) -> None:
    places = places_of(tmp_path)
    switch = msgspec.structs.replace(Settings().switch, saf=name, processes=3)
    told = msgspec.structs.replace(Settings(), switch=switch)
    files = {number: Path(resolved(told, places, number=number).switch.saf) for number in (1, 2, 3)}
    for number, file in files.items():
        assert {file, *siblings_of(file, number, 3)} == set(files.values())


@pytest.mark.parametrize(
    ("host", "called"),
    [
        ("127.0.0.1", "127.0.0.1:8583"), ("0.0.0.0", "127.0.0.1:8583"), ("::1", "[::1]:8583"),
        ("::", "[::1]:8583"), ("192.0.2.9", ""), ("pos.example", ""),
    ],
)  # fmt: skip
def test_seats_call_the_first_channel_that_is_reached_without_a_network(
    host: str, called: str, tmp_path: Path
) -> None:
    """One that listens at an address of its own is none: the house starts all the same."""
    row = ChannelSettings(host=host, port=8583)
    settings = Settings(switch=SwitchSettings(channels=(row,)))
    assert resolved(settings, places_of(tmp_path)).web.seats_call == called
