"""The wall clock jumps under trade, back and forth, over a leap day and while the date turns.

Host and switch run under libfaketime, whose offset is a file; their monotonic clock is let be, as
a jump of the wall leaves it. Numbers, seals and the business date go on as if nothing had been.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from tests.whole.day import audit_record, trading, wait_until_it_trades
from tests.whole.house import House, command, standing
from tests.whole.test_chaos import ATTEMPTS_MAX, HOST, SWITCH

ESTATE = demo_estate()
LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
)
JUMPS = {
    "a day on": "+1d",
    "back": "+0",
    "a day back": "-1d",
    "a leap day": "@2028-02-29 23:59:55",
    "a second that comes twice": "@2028-03-01 00:00:00",
    "the night when clocks are put on": "@2026-03-29 01:59:58",
    "the night when they are put back": "@2026-10-25 02:59:58",
    "now": "+0",
}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says what time it is."""
    file = tmp_path_factory.mktemp("clock") / "time"
    file.write_text("+0\n")
    return file


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clock: Path) -> Iterator[House]:
    library = next((path for path in LIBRARIES if Path(path).exists()), None)
    if library is None:
        pytest.skip("libfaketime is not installed here: no program can be told another time")
    data = tmp_path_factory.mktemp("clocks") / "data"
    house = House(data, ESTATE, switch=SWITCH, host=HOST)
    for part in (house.host, house.switch):
        part.environ = (
            f"LD_PRELOAD={library}",
            f"FAKETIME_TIMESTAMP_FILE={clock}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        )
    with standing(house):
        yield house


@pytest.mark.counted
def test_however_the_clock_jumps_numbers_and_dates_go_on_and_nothing_is_lost(
    house: House, clock: Path, tmp_path: Path
) -> None:
    record = tmp_path / "terminals.jsonl"
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=8,
        seconds=3_600.0,
        pause_seconds=0.05,
        answer_seconds_max=3.0,
        record=record,
        attempts_max=ATTEMPTS_MAX,
    )
    seen: set[object] = set()
    with trading(settings, ESTATE):
        for number, (_name, jump) in enumerate(JUMPS.items()):
            clock.write_text(f"{jump}\n")
            wait_until_it_trades(house, first_trace=1 + 100 * number)
            if jump == "-1d":
                ended = command("clearing", "run", data=house.places.data)
                assert ended.returncode == 0, ended.stderr
            seen |= set(house.rows("SELECT decided_at::date FROM exchange"))
    assert len(seen) > 3, "no clock has jumped"
    [(disordered,)] = house.rows(
        "WITH batch AS (SELECT shard, seal, min(id) AS first, max(id) AS last FROM exchange"
        " WHERE kind <> 'opening' GROUP BY shard, seal), follows AS (SELECT first, lag(last) OVER"
        " (PARTITION BY shard ORDER BY seal) AS before FROM batch)"
        " SELECT count(*) FROM follows WHERE first <= before"
    )
    assert disordered == 0
    dates = house.rows("SELECT DISTINCT business_date FROM exchange ORDER BY 1")
    assert len(dates) == 2
    audit_record(house, record)
