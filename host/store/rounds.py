"""Round trips that all who read for a batch share.

A reader is a generator: it yields the statements that it wants and is sent their rows, once or
several times. What several ask at the same time goes out together, in the order in which they
stand: a batch waits as often as the one that asks most often, not as often as there are readers.
That counts twice, for with each wait a writer's thread lets go of the interpreter.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[Any]
Statement = tuple[LiteralString, Sequence[Any] | Mapping[str, Any]]
"""With its values."""
Asked = Sequence[Statement]
Rows = list[tuple[Any, ...]]
Reading = Generator[Asked, list[Rows], None]


def read_together(connection: Connection, readings: Iterable[Reading]) -> None:
    """Let all read to their ends.

    Raises:
        psycopg.Error: one of the statements failed; those behind it were not run.
    """
    under_way = list(readings)
    asked = [next(one, None) for one in under_way]
    while any(asked):
        wanting = [
            (one, wants) for one, wants in zip(under_way, asked, strict=True) if wants is not None
        ]
        with connection.pipeline():
            cursors = [
                [connection.execute(statement, values, prepare=True, binary=True)
                 for statement, values in wants]
                for _, wants in wanting
            ]  # fmt: skip
        under_way = [one for one, _ in wanting]
        asked = [
            _next(one, [cursor.fetchall() if cursor.description else [] for cursor in found])
            for one, found in zip(under_way, cursors, strict=True)
        ]


def _next(reading: Reading, rows: list[Rows]) -> Asked | None:
    """What it asks now; None: it has ended."""
    try:
        return reading.send(rows)
    except StopIteration:
        return None
