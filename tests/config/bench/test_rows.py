"""Benches at a size that takes a second: real processes, and figures that mean what they say."""

import os
import re
from pathlib import Path

import msgspec
import pytest

from clearing.run import STEPS
from config.bench.cards import CardsBench, measure_cards
from config.bench.cpu import IdleClock
from config.bench.desk import DeskBench, measure_desk
from config.bench.gate import GateBench, measure_gate
from config.bench.history import HistoryBench, measure_history
from config.bench.interpreter import kind_of
from config.bench.mix import MixBench, measure_mix
from config.bench.nac import NacBench, measure_nac
from config.bench.night import NightBench, measure_night
from config.bench.processes import ProcessesBench, measure_processes
from config.bench.report import (
    CARDS_FIGURES,
    DESK_FIGURES,
    GATE_FIGURES,
    HISTORY_FIGURES,
    MIX_FIGURES,
    NAC_FIGURES,
    NIGHT_FIGURES,
    PROCESSES_FIGURES,
    SLOW_FIGURES,
    print_figures,
)
from config.bench.rows import BENCHES, Bench, Extent, run_benches
from config.bench.slow import SlowBench, measure_slow
from config.cli import complete
from config.errors import SettingsError
from host.estate.many import ISSUER_COUNT
from tests.commands import run_command


def say_nothing(_text: str) -> None:
    pass


def test_a_held_up_answer_is_measured_beside_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = NacBench(terminals=20, stall_seconds=0.6, rounds=1, rate=200.0)
    document = measure_nac(told, say_nothing)
    assert document["messages"] > 20
    assert document["the_one_waited_ms"] >= 600
    print_figures(document, NAC_FIGURES)
    shown = capsys.readouterr().out
    assert all(row.key in shown for row in NAC_FIGURES)


def test_no_message_after_a_batch_was_suspended_is_approved_under_trade() -> None:
    """S1-13: measured with cards that trade, people at the office, and other tills beside them."""
    document = measure_gate(GateBench(rounds=1, gifts=2, others=2), say_nothing)
    assert document["late_approved"] == 0
    assert document["trade_rate"] > 0
    assert BENCHES["gate"].holds(document)
    assert not BENCHES["gate"].holds({**document, "late_approved": 1})
    assert {row.key for row in GATE_FIGURES} <= document.keys()


def test_sign_ons_are_measured_beside_trade() -> None:
    told = DeskBench(rounds=1, sign_ons=60, messages=60, traders=10, connections=4, cards=10)
    document = measure_desk(told, say_nothing)
    assert document["sign_ons_rate"] > 0
    assert document["beside_rate"] > 0
    assert {row.key for row in DESK_FIGURES} <= document.keys()


def test_processes_are_measured_in_turns_and_share_the_work() -> None:
    told = ProcessesBench(rounds=1, messages=2_000, terminals=64, connections=64, cards=10)
    document = measure_processes(told, say_nothing)
    assert document["rate_1"] > 0
    assert document["rate_2"] > 0
    assert document["busiest_part_1"] == 1.0
    assert 0.5 <= document["busiest_part_2"] < 1.0, "one process had all the connections"
    assert all(row.key in document for row in PROCESSES_FIGURES)


def test_honest_terminals_are_measured_beside_slow_ones_that_are_cut_off() -> None:
    told = SlowBench(
        rounds=1,
        connections=50,
        pause_seconds=0.1,
        frame_seconds_max=0.3,
        messages=80,
        terminals=20,
    )
    document = measure_slow(told, say_nothing)
    assert document["slow_cut_off"] > 0, "no deadline has met a slow sender"
    assert document["slow_p99_ms"] > 0
    assert {"idle_25_over_mib", "idle_50_over_mib"} <= document.keys()
    known = {row.key for row in SLOW_FIGURES if "idle" not in row.key}
    assert known <= document.keys()


def test_a_start_is_measured_before_and_after_history(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    document = measure_history(HistoryBench(messages=3_000, rounds=1), said.append)
    assert not [line for line in said if "stays closed" in line], "its files would outlive it"
    assert (document["exchanges"], document["seals"]) == (3_000, 2_000)
    assert document["ready_seconds"] > 0
    print_figures(document, HISTORY_FIGURES)
    assert "ready_seconds" in capsys.readouterr().out


def test_cards_are_made_and_copied_in_each_round(capsys: pytest.CaptureFixture[str]) -> None:
    document = measure_cards(CardsBench(messages=3_000, rounds=2), say_nothing)
    assert len(document["rounds"]["cards_rate"]) == 2
    assert document["bare_rate"] > 0
    assert document["postgres_cpu_us"] > 0
    print_figures(document, CARDS_FIGURES)
    assert "bare_ratio" in capsys.readouterr().out


def test_every_kind_is_measured_at_many_merchants_and_at_one() -> None:
    told = MixBench(rounds=1, seconds=1, messages=600, terminals=40, cards=100)
    document = measure_mix(told, say_nothing)
    assert document["one_ratio"] == pytest.approx(
        document["one_tps"] / document["spread_tps"], abs=1e-3
    )
    assert {row.key for row in MIX_FIGURES} - {"pgbench_tps", "spread_ratio"} <= document.keys()


def test_a_night_is_measured_beside_what_is_bare(capsys: pytest.CaptureFixture[str]) -> None:
    told = NightBench(messages=400, merchants=8, cards=40, rate=40, alone_seconds=1)
    document = measure_night(told, say_nothing)
    assert document["alone_messages"] == 40
    assert document["beside_messages"] > 0
    assert document["parties"] == 8 + ISSUER_COUNT
    assert set(document["steps"]) == {step.name for step in STEPS}
    assert {row.key for row in NIGHT_FIGURES} <= document.keys()
    print_figures(document, NIGHT_FIGURES)
    assert "ledger_ratio" in capsys.readouterr().out


def test_idle_time_is_a_part() -> None:
    assert 0.0 <= IdleClock.read().part() <= 1.0


def test_each_bench_writes_its_own_file_and_tells_what_did_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown: list[dict[str, object]] = []
    made = {
        name: Bench(
            why=name,
            measure=lambda extent, _say, name=name: {"name": name, "rounds": extent.rounds},  # type: ignore[misc]
            show=shown.append,
            holds=lambda document: document["name"] != "nac",
        )
        for name in BENCHES
    }
    monkeypatch.setattr("config.bench.rows.BENCHES", made)
    report = tmp_path / "build" / "bench.json"
    said: list[str] = []
    assert run_benches([], Extent(rounds=2), report, say=said.append) == ["nac"]
    assert [one["name"] for one in shown] == list(BENCHES)
    files = sorted(file.name for file in report.parent.iterdir())
    others = ("cards", "desk", "gate", "history", "mix", "nac", "night", "processes", "slow", "web")
    assert files == ["bench.json", *(f"bench_{name}.json" for name in others)]
    document = msgspec.json.decode(report.read_bytes())
    interpreter = document.pop("interpreter")
    assert document == {"name": "ledger", "rounds": 2}
    assert interpreter["version"] in said[0]
    assert interpreter["compiler"] in said[0]


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("/usr", "the system's"),
        ("/usr/local", "built here, /usr/local"),
        ("/home/till/.pyenv/versions/3.11.9", "of pyenv"),
        ("/home/till/python", "of another place"),
    ],
)
def test_whose_an_interpreter_is_says_the_place_where_it_lives(prefix: str, kind: str) -> None:
    assert kind_of(Path(prefix)) == kind


def test_an_unknown_bench_is_refused_before_any_is_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="choose of ledger, mix, nac, processes, slow, history"):
        run_benches(["nac", "speed"], Extent(), tmp_path / "bench.json", say=say_nothing)


def test_the_help_names_every_bench() -> None:
    said = run_command("bench", "--help", environ=os.environ | {"COLUMNS": "200"}).stdout
    assert all(re.search(rf"\b{name}\b", said) for name in BENCHES)


def test_a_shell_offers_the_benches_that_there_are() -> None:
    assert tuple(BENCHES) == complete.BENCHES
