"""One terminal's day in a test: what it trades, and what it says of it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg

from host.cases import CaseKind
from host.model.requests import KINDS, ExchangeKey, Kind, Request, Response, Totals, UploadRecord
from host.rules.settlement import BatchName, Halves, totals_of
from host.store.cases import StoredCase, list_cases
from host.store.settlement import bounds_of, count_batch, traded_in
from host.store.settlement_view import TerminalView, view_terminal
from tests.host.conftest import CARDS, TERMINALS, Till

FIRST_EPOCH, SECOND_EPOCH, THIRD_EPOCH = "000001", "000002", "000003"
"""Of every demo terminal but the first."""
ZERO = Totals()


def unsettled_terminals() -> Iterator[str]:
    """Terminals of the demo estate, each once; the last has no keys yet."""
    return iter([one for one in TERMINALS if "80010002" <= one <= "80010039"])


class Day:
    """One terminal's day: what it trades, and what it says of it."""

    def __init__(self, till: Till, tid: str, epoch: str = FIRST_EPOCH) -> None:
        self.till, self.tid, self.epoch = till, tid, epoch
        self.records: list[UploadRecord] = []

    async def sell(
        self, kind: Kind, card: int, amount: int, **more: Any
    ) -> tuple[Request, Response]:
        """Approved, and in the terminal's batch."""
        request, answer = await self.till.sell(
            kind, card, amount, terminal_id=self.tid, epoch=self.epoch, **more
        )
        self.records.append(UploadRecord(request.key.stan, amount, CARDS[card].pan))
        return request, answer

    def message(self, kind: Kind, **more: Any) -> Request:
        key = ExchangeKey("pos", self.tid, self.epoch, self.stan(), KINDS[kind].family)
        request = self.till.request(kind, terminal_id=self.tid, key_generation=0)
        return msgspec.structs.replace(request, key=key, **{"is_proved": True, **more})

    def stan(self) -> str:
        return f"{next(self.till.stans):06d}"

    async def settle(self, money: Totals, points: Totals = ZERO, **more: Any) -> Response:
        return await self.till.ask(self.message(Kind.SETTLEMENT, totals=(money, points), **more))

    async def upload(self, *records: UploadRecord) -> Response:
        return await self.till.ask(self.message(Kind.BATCH_UPLOAD, records=records))

    async def end(self, count: int | None = None) -> Response:
        told = len(self.records) if count is None else count
        return await self.till.ask(self.message(Kind.UPLOAD_END, upload_count=told))

    async def upload_all(self) -> Response:
        for start in range(0, len(self.records), 8):
            assert (await self.upload(*self.records[start : start + 8])).is_approved
        return await self.end()

    async def buy(self, card: int, amount: int = 100, **more: Any) -> Response:
        return await self.till.buy(
            card, amount, terminal_id=self.tid, **{"epoch": self.epoch, **more}
        )

    def counted(self) -> Halves:
        """What the host's own statement makes of the batch."""
        bounds = bounds_of(BatchName("pos", self.tid, self.epoch), self.home)
        with psycopg.connect(self.till.dsns.host) as connection:
            return count_batch(connection, bounds, with_points=True)

    def summed(self) -> Halves:
        """The same, transaction by transaction."""
        bounds = bounds_of(BatchName("pos", self.tid, self.epoch), self.home)
        with psycopg.connect(self.till.dsns.host) as connection:
            parts = traded_in(connection, bounds)
        return totals_of((one.place, one.amount_minor) for one in parts if one.stands and one.place)

    @property
    def home(self) -> int:
        return self.till.poster._book.terminals[self.tid].home

    def cases(self) -> list[StoredCase]:
        with psycopg.connect(self.till.dsns.night) as connection:
            return list_cases(connection, terminal_id=self.tid)

    def kinds(self) -> list[tuple[CaseKind, str]]:
        return [(case.kind, case.stan) for case in self.cases()]

    def state(self) -> tuple[str, str]:
        """Of the batch, and the terminal's batch now."""
        rows = self.till.sql(
            "SELECT b.state, t.epoch FROM terminal_batch b JOIN terminal t USING (terminal_id)"
            " WHERE b.terminal_id = %s AND b.epoch = %s",
            self.tid,
            self.epoch,
        )
        return rows[0][0], rows[0][1]

    def view(self) -> TerminalView:
        with psycopg.connect(self.till.dsns.night) as connection:
            return view_terminal(connection, self.tid)


def ledger(till: Till) -> list[tuple[Any, ...]]:
    return till.sql("SELECT sum(posted_minor), (SELECT count(*) FROM entry) FROM purse")
