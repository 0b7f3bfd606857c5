"""The switch's own disk is full while its host says nothing: what it owes waits for room."""

import os
import signal
from pathlib import Path

from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from tests.disks import fill, small_disk
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import House, metric, standing, wait_until

ESTATE = demo_estate()
TERMINALS = 12
OWED = 5
HOST = "statement_seconds_max = 1.5"


def test_what_is_owed_on_a_disk_without_room_is_delivered_once_there_is_some(
    tmp_path: Path,
) -> None:
    """Nothing approved is lost or posted twice, and trade has gone on meanwhile."""
    record = tmp_path / "terminals.jsonl"
    with small_disk(tmp_path / "disk", mebibytes=1) as disk:
        switch = f'saf = "{disk}/saf.db"\nhost_seconds_max = 2\nsaf_retry_seconds_max = 0.5'
        with standing(House(tmp_path / "data", ESTATE, switch=switch, host=HOST)) as house:
            settings = SwarmSettings(
                host="127.0.0.1",
                port=house.port,
                terminals=TERMINALS,
                seconds=3_600.0,
                pause_seconds=0.1,
                answer_seconds_max=3.0,
                record=record,
                attempts_max=10_000,
            )
            with trading(settings, ESTATE):
                wait_until_it_trades(house, first_trace=100)
                fill(disk / "ballast")
                before, host = _owed(house), house.host.program.process.pid
                os.kill(host, signal.SIGSTOP)
                try:
                    wait_until(lambda: _owed(house) >= before + OWED, "the switch undoes nothing")
                finally:
                    os.kill(host, signal.SIGCONT)
                wait_until_it_trades(house, first_trace=400)
                (disk / "ballast").unlink()
                wait_until_it_trades(house, first_trace=700)
            audit_with_terminals(house, record)


def _owed(house: House) -> float:
    return metric(house.switch_metrics, "posswitch_switch_reversals_total")
