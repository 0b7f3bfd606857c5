"""A pipeline whose statements leave together, when the block ends.

psycopg's own looks at the socket twice for each statement and sends it alone. A batch has some
twenty: as many times the server's process is woken for one of them and, which costs most, twice as
often the writer's thread lets go of the interpreter and waits to have it back from the event loop.
"""

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import send


class OneWrite(psycopg.Pipeline):
    """Statements gather in libpq's own buffer, which only sends what fills it."""

    def _communicate_gen(self) -> PQGen[None]:
        """Put what was asked so far into the buffer, and wait for nothing."""
        while self.command_queue:
            self.command_queue.popleft()()
        yield from ()

    def _fetch_gen(self, *, flush: bool) -> PQGen[None]:
        """Send what has gathered, whole, and take the answers.

        Where a sync ends it (its place in the queue is nobody's) the server needs no other order
        to answer.
        """
        ends_in_sync = bool(self.result_queue) and self.result_queue[-1] is None
        yield from send(self.pgconn)
        yield from super()._fetch_gen(flush=flush and not ends_in_sync)
