"""Where a simulator calls when it is pointed at a data directory."""

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.run.look import Listening, Look
from config.tasks import doors
from config.tasks.doors import Door, doors_of
from config.tasks.simulate import Target

SETTINGS = """
[[channels]]
name = "calls"
kind = "nac"
connect_to = "127.0.0.1:7001"

[[channels]]
name = "shops"
kind = "pos"
port = 0

[[channels]]
name = "characters"
kind = "pos"
dialect = "ascii87-bin"
port = 19001

[[channels]]
name = "dial-up"
kind = "nac"
host = "0.0.0.0"
port = 19002
preamble_bytes = 10

[[channels]]
name = "tills"
kind = "mis"
dialect = "mis-fixed"
host = "127.0.0.2"
port = 19003
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose switch took a port of its own for `shops`."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "posswitch.toml").write_text(SETTINGS)
    shops = Listening(name="shops", dialect="pos", address="127.0.0.1:19999", port=19999,
                      connections=0, has_tls=False)  # fmt: skip
    runs = Look(number=1, pid=1, at=0.0, started_at=0.0, channels=(shops,))
    monkeypatch.setattr(doors, "looks", lambda _places: [runs])
    return tmp_path


@pytest.mark.parametrize(
    ("channel", "door"),
    [
        ("pos", Door("127.0.0.1", 19999)),
        ("external", Door("127.0.0.1", 19999)),
        ("nac", Door("127.0.0.1", 19002, 10)),
        ("nac-called", Door("127.0.0.1", 7001)),
        ("mis-fixed", Door("127.0.0.2", 19003)),
    ],
)
def test_a_house_that_is_named_says_where_its_channels_listen(
    house: Path, channel: str, door: Door
) -> None:
    target = Target(door_of=doors_of(house, None))
    place = target.place(channel)
    assert Door(place.host, place.port, place.caller_bytes) == door


def test_a_port_that_is_said_goes_before_the_houses_own(house: Path) -> None:
    target = Target(port=4444, door_of=doors_of(house, None))
    assert target.place("mis-json").port == 4444


def test_a_channel_that_the_house_has_not_is_a_sentence(house: Path) -> None:
    target = Target(door_of=doors_of(house, None))
    with pytest.raises(SettingsError, match='has no channel of kind "softpos"') as refused:
        target.place("softpos")
    assert "Next: add one" in str(refused.value)
