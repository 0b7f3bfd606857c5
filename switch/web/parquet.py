"""A list as Apache Parquet, for programs: each column of its own type, row group after row group.

Amounts are whole minor units, days are dates, moments are in UTC to the microsecond. What is no
single value is its JSON. Of the whole no more is held than one row group; a file without its end
is none, so a list that breaks off is taken for whole by nobody.
"""

import datetime as dt
import functools
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

import trio

from host.model.catalogue import ColumnKind, ViewTold
from host.model.office import Page, Show
from switch.web.desk import Desk
from switch.web.exported import pages_of

MEDIA_TYPE: Final = "application/vnd.apache.parquet"
GROUP_ROWS: Final = 10_000
"""Rows that are held, and of a row group."""
CUT: Final = b"posswitch.is_cut"
"""In the file's own words: whether the list goes on behind its last row."""


async def groups_of(
    desk: Desk, view: ViewTold, first: Page, asked: Show, rows_max: int
) -> AsyncIterator[bytes]:
    """The file, in pieces."""
    writing = await trio.to_thread.run_sync(Writing, view, first.columns)
    held: list[list[Any]] = []
    is_cut = False
    async with aclosing(pages_of(desk, first, asked, rows_max)) as pages:
        async for rows, is_cut_there in pages:
            held += rows
            is_cut = is_cut_there
            if len(held) >= GROUP_ROWS:
                yield await trio.to_thread.run_sync(writing.add, held)
                held = []
    if held:
        yield await trio.to_thread.run_sync(writing.add, held)
    yield await trio.to_thread.run_sync(functools.partial(writing.end, is_cut=is_cut))


class Writing:
    """A file that is being written: what there is of it is taken away."""

    def __init__(self, view: ViewTold, columns: list[str]) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self._pa = pa
        types = {
            "text": pa.string(),
            "whole": pa.int64(),
            "yes_no": pa.bool_(),
            "day": pa.date32(),
            "moment": pa.timestamp("us", tz="UTC"),
        }
        known = {one.name: one for one in view.columns}
        told = [known[name] for name in columns]
        self._read = [_READ[one.kind] for one in told]
        self.schema = pa.schema(
            [
                pa.field(one.name, types[one.kind], metadata={"en": one.en, "zh": one.zh})
                for one in told
            ]
        )
        self._sink = _Sink()
        self._writer = ParquetWriter(self._sink, self.schema)

    def add(self, rows: list[list[Any]]) -> bytes:
        """One row group."""
        columns = zip(*rows, strict=True)
        arrays = [
            self._pa.array([None if cell is None else read(cell) for cell in column], field.type)
            for column, read, field in zip(columns, self._read, self.schema, strict=True)
        ]
        table = self._pa.Table.from_arrays(arrays, schema=self.schema)
        self._writer.write_table(table, row_group_size=len(rows))
        return self._sink.taken()

    def end(self, *, is_cut: bool) -> bytes:
        """What makes it a file."""
        self._writer.add_key_value_metadata({CUT: b"true" if is_cut else b"false"})
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """Where it is written to; knows how much went through it."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._before = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._held += content
        return len(content)

    def tell(self) -> int:
        return self._before + len(self._held)

    def taken(self) -> bytes:
        content = bytes(self._held)
        self._before += len(content)
        self._held.clear()
        return content


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _itself(cell: Any) -> Any:
    return cell


_READ: Final[Mapping[ColumnKind, Callable[[Any], Any]]] = {
    "text": _text,
    "whole": _itself,
    "yes_no": _itself,
    "day": dt.date.fromisoformat,
    "moment": dt.datetime.fromisoformat,
}
"""A cell, as JSON has it, as the value of its column."""
