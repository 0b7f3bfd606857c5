"""Round trips that all who read for a batch share.

A reader is a generator: it yields the statements that it wants and is sent their rows, once or
several times. What several ask at the same time goes out together, in the order in which they
stand: a batch waits as often as the one that asks most often, not as often as there are readers.
That counts twice, for with each wait a writer's thread lets go of the interpreter.
"""

from collections.abc import Generator, Iterable, Sequence
from itertools import islice

from host.store.connecting import DeadlineConnection
from host.store.prepared import Rows, Statement

Asked = Sequence[Statement]
Reading = Generator[Asked, list[Rows], None]


def read_together(connection: DeadlineConnection, readings: Iterable[Reading]) -> None:
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
        told = iter(connection.prepared.ask([one for _, wants in wanting for one in wants]))
        under_way = [one for one, _ in wanting]
        asked = [_next(one, list(islice(told, len(wants)))) for one, wants in wanting]


def _next(reading: Reading, rows: list[Rows]) -> Asked | None:
    """What it asks now; None: it has ended."""
    try:
        return reading.send(rows)
    except StopIteration:
        return None
