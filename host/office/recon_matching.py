"""What others say of a date, held against what we have: by RRN, by keys, then by what is alike.

All files of a date that nobody has matched are matched together, by statements over whole sets. The
order of a file's lines says nothing. What is found is kept for ever; what is left over is a
difference, which somebody explains.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from host.model.numbers import NUMBERS_PER_DAY, first_number_of
from host.model.recon import ALIKE_MAX, SCORE_MIN, SUGGESTED_MIN, WEIGHTS
from host.office.told_lines import Told
from host.shards import NIGHT_SHARD
from host.stock.payment_ports import BILL_ZONE
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "recon.sql")
LAID_OUT: Final = ("moved", "ours", "theirs")
"""Whole tables, counted before they are joined."""


def add_lines(connection: Connection, file: int, lines: Sequence[Told]) -> None:
    """All that stands in a file. In a transaction of its caller."""
    if lines:
        columns = {name: [getattr(one, name) for one in lines] for name in Told.__struct_fields__}
        connection.execute(SQL["add_recon_lines"], {"file": file, **columns})
        if any(columns["returned_for"]):
            connection.execute(SQL["add_recon_returns"], {"file": file, **columns})


def match_files(connection: Connection, business_date: dt.date, now: dt.datetime) -> int:
    """Match every file of the date that waits; gives how many. In a transaction of its caller."""
    told: dict[str, Any] = {"business_date": business_date, "now": now}
    files = [number for (number,) in connection.execute(SQL["hold_files"], told)]
    if not files:
        return 0
    first = first_number_of(business_date)
    told |= {
        "files": files,
        "shards": [*range(read_shard_count(connection)), NIGHT_SHARD],
        "first_number": first,
        "end_number": first + NUMBERS_PER_DAY,
        "port_since": _midnight(business_date),
        "port_until": _midnight(business_date + dt.timedelta(days=1)),
        "alike_max": ALIKE_MAX,
        "score_min": SCORE_MIN,
        "suggested_min": SUGGESTED_MIN,
        **{weight.name: weight.score for weight in WEIGHTS},
    }
    connection.execute(SQL["take_returns"], told)
    connection.execute(SQL["plan_by_hash"])
    for table in LAID_OUT:
        connection.execute(SQL[f"lay_out_{table}"], told)
        connection.execute(SQL[f"analyze_{table}"])
    connection.execute(SQL["lay_out_pairs"])
    for name in ("pair_by_rrn", "pair_other_amounts", "pair_doubled"):
        connection.execute(SQL[name])
    for same_amount in (True, False):
        connection.execute(SQL["pair_by_keys"], told | {"same_amount": same_amount})
    for name in (
        "pair_doubled_by_keys", "lay_out_near", "pair_near", "hold_late", "lay_out_late",
        "add_matches", "end_late", "add_differences", "files_are_matched", "drop_laid_out",
    ):  # fmt: skip
        connection.execute(SQL[name], told)
    connection.execute(SQL["plan_as_before"])
    return len(files)


def _midnight(day: dt.date) -> dt.datetime:
    """When a day of the ports begins."""
    return dt.datetime.combine(day, dt.time(), BILL_ZONE)
