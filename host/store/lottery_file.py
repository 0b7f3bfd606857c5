"""A lottery as anybody may have it: what `posswitch lottery verify` recomputes (docs/lottery.md).

The file is JSON, the list a line of the file each. It is read in one snapshot and written part by
part, however long the list is. Before the seed is told it has none, and its draws are to be
recomputed by a later file.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from host.model.lottery import Content, LotteryState
from host.rules.lottery_list import Act
from host.store.connecting import Connection
from host.store.lotteries import CONTENT_COLUMNS, content_of, prize_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "lottery_file.sql")
LINES_PER_READ: Final = 2_000


class LotteryUnknownError(Exception):
    """There is no such lottery, or nothing of it is frozen."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one beside its list."""

    id: int
    state: LotteryState
    content: Content
    commitment: bytes
    seed: dict[str, str] | None
    """Its three parts; None until it is told."""
    revealed: dict[str, Any] | None
    """How long the list was then, and its last link."""


@contextmanager
def one_snapshot(connection: Connection) -> Iterator[None]:
    """What is read within is of one moment. `connection` has no transaction open."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def lottery_told(connection: Connection, code: str) -> Told:
    """One that is frozen.

    Raises:
        LotteryUnknownError: there is none, or it is still written at.
    """
    row = connection.execute(SQL["told"], (code,)).fetchone()
    if row is None:
        msg = f"there is no lottery {code}. Next: posswitch show lotteries"
        raise LotteryUnknownError(msg)
    number, state, *rest = row
    commitment, house, author, freezer, lines, link = rest[CONTENT_COLUMNS:]
    if commitment is None:
        msg = (
            f"nothing of lottery {code} is frozen yet. Next, by another than its author: "
            f"posswitch lottery freeze {code}"
        )
        raise LotteryUnknownError(msg)
    is_told = house is not None
    return Told(
        id=number,
        state=LotteryState(state),
        content=_content(connection, row),
        commitment=bytes(commitment),
        seed={"house": bytes(house).hex(), "author": author, "freezer": freezer}
        if is_told
        else None,
        revealed={"lines": lines, "link": bytes(link).hex()} if is_told else None,
    )


def content_told(connection: Connection, code: str) -> Content:
    """What is frozen of one that is there, or would be as it is written now."""
    row = connection.execute(SQL["told"], (code,)).fetchone()
    assert row is not None, "the caller has found it"
    return _content(connection, row)


def file_of(connection: Connection, told: Told) -> Iterator[bytes]:
    """The file, part by part. `connection` is within the snapshot that `told` was read in."""
    head = {
        "frozen": told.content.text,
        "commitment": told.commitment.hex(),
        "seed": told.seed,
        "revealed": told.revealed,
    }
    yield _json(head).removesuffix("}").encode() + b', "list": ['
    between = "\n"
    with connection.cursor(name="list") as cursor:
        cursor.itersize = LINES_PER_READ
        for row in cursor.execute(SQL["list"], (told.id,)):
            yield f"{between}{_json(_line(row))}".encode()
            between = ",\n"
    yield b"\n]}\n"


def _content(connection: Connection, row: Sequence[Any]) -> Content:
    number, _state, *about = row
    prizes = (prize_of(each) for each in connection.execute(SQL["prizes"], (number,)))
    return content_of(about[:CONTENT_COLUMNS], prizes)


def _line(row: Sequence[Any]) -> dict[str, Any]:
    seq, act, of_seq, hit, place, link, key = row
    said = {"draw": key, "hit": hit, "prize": place} if act == Act.DRAW else {act: of_seq}
    return {"seq": seq, **said, "link": bytes(link).hex()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
