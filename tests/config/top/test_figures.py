"""What `posswitch top` makes of two looks at the programs, and of the ends of their logs."""

import json
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.asking import HOST
from config.run.look import Listening, Look, Sample
from config.screen import screen
from config.top.figures import figures_between, percentile
from config.top.heard import TAIL_BYTES, Heard, heard
from config.top.screen import shown

WIDTH = 80
Counts = dict[tuple[str, str], float]
BOUNDS = ("0.01", "0.1", "+Inf")


def look(number: int, at: float, samples: Counts, pid: int = 7) -> Look:
    """A program; samples by name and the value of their one label."""
    labels = {"messages_total": "code", "host_seconds_bucket": "le"}
    return Look(
        number=number,
        pid=pid,
        at=at,
        started_at=0.0,
        channels=(
            Listening(
                name="pos",
                dialect="pos",
                address="127.0.0.1:8583",
                port=8583,
                connections=3,
                has_tls=False,
            ),
        )
        if number != HOST
        else (),
        samples=tuple(
            Sample(
                name if name.startswith("posswitch") else f"posswitch_switch_{name}",
                {"channel": "pos", "kind": "purchase", labels[name]: value}
                if name in labels
                else {},
                count,
            )
            for (name, value), count in samples.items()
        ),
    )


def traded(answers: dict[str, float], buckets: tuple[float, ...] = ()) -> Counts:
    told = {("messages_total", code): count for code, count in answers.items()}
    told |= {("host_seconds_bucket", le): count for le, count in zip(BOUNDS, buckets, strict=False)}
    return told | {("link_up", ""): 1.0, ("reversals_waiting", ""): 2.0}


def test_rates_and_codes_are_those_of_the_interval() -> None:
    before = [look(1, 100.0, traded({"00": 1000, "51": 7}))]
    after = [look(1, 102.0, traded({"00": 1090, "51": 17}))]
    figures = figures_between(before, after)
    assert figures.messages_per_second == pytest.approx(50.0)
    assert figures.codes == {"00": 90, "51": 10}
    assert figures.kinds == {"purchase": 100}
    [channel] = figures.channels
    assert (channel.approved, channel.answered, channel.connections) == (90, 100, 3)
    assert (figures.link_is_up, figures.host_is_up, figures.owed) == (True, False, 2)


def test_switch_processes_are_added_up_and_one_that_was_started_again_begins_at_nothing() -> None:
    before = [look(1, 10.0, traded({"00": 500})), look(2, 10.0, traded({"00": 300}), pid=8)]
    after = [look(1, 11.0, traded({"00": 510})), look(2, 11.0, traded({"00": 5}), pid=9)]
    figures = figures_between(before, after)
    assert figures.codes == {"00": 15}
    assert (figures.switches, figures.owed) == (2, 4)
    assert figures.channels[0].connections == 6


def test_latencies_are_quantiles_of_the_interval_alone() -> None:
    before = [look(1, 0.0, traded({}, (0, 50, 50)))]
    after = [look(1, 1.0, traded({}, (90, 140, 150)))]
    figures = figures_between(before, after)
    assert figures.latency.p50_ms == pytest.approx(5.6)
    assert figures.latency.p99_ms == 100.0, "beyond the last bound it is that bound"


@pytest.mark.parametrize(
    ("buckets", "share", "value"),
    [
        ({}, 0.5, None),
        ({1.0: 0.0, float("inf"): 0.0}, 0.5, None),
        ({1.0: 10.0, 2.0: 20.0, float("inf"): 20.0}, 0.5, 1.0),
        ({1.0: 10.0, 2.0: 20.0, float("inf"): 20.0}, 0.75, 1.5),
        ({1.0: 0.0, 2.0: 0.0, float("inf"): 4.0}, 0.5, 2.0),
    ],
)
def test_a_quantile_lies_inside_its_bucket(
    buckets: dict[float, float], share: float, value: float | None
) -> None:
    assert percentile(buckets, share) == value


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_of(tmp_path / "data")
    made.make()
    return made


def line(second: int, tid: str, reason: str, event: str = "message answered", **more: str) -> str:
    told = {
        "event": event,
        "channel": "pos",
        "tid": tid,
        "stan": f"{second:06}",
        "kind": "purchase",
    }
    told |= {"reason": reason, "timestamp": f"2026-11-26T00:00:{second:02}.000000Z"}
    return json.dumps(told | more)


def test_stations_and_declines_are_read_from_the_ends_of_the_logs(places: Places) -> None:
    (places.log / "switch.log").write_text(
        "\n".join([
            "x" * TAIL_BYTES,
            line(1, "80010001", "approved"),
            '{"event": "message answered", "torn',
            line(3, "80010001", "insufficient_funds"),
        ]) + "\n"
    )  # fmt: skip
    (places.log / "switch-2.log").write_text(
        line(2, "80010002", "approved")
        + "\n"
        + line(4, "", "", "message not answered", why="not proved")
        + "\n"
    )
    said = heard(places)
    assert [each.terminal_id for each in said.stations] == ["80010001", "80010002"]
    assert said.stations[0].messages == 2
    assert [(each.code, each.reason) for each in said.declines] == [
        ("", "silence: not proved"),
        ("51", "insufficient_funds"),
    ]


def test_without_a_log_the_screen_says_where_to_look(places: Places) -> None:
    assert heard(places) == Heard()


def test_the_screen_fits_eighty_columns(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    (places.log / "switch.log").write_text(
        "\n".join(line(at, f"800100{at:02}", "not_permitted_to_terminal") for at in range(30))
    )
    after = [look(HOST, 9e8, {}), look(1, 9e8, traded({"00": 10**6, "51": 10**5}, (1, 2, 3)))]
    figures = figures_between([], after)
    screen().print(shown("/var/lib/posswitch", figures, heard(places), 24))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any("not_permitted_to_terminal" in each for each in lines)
