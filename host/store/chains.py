"""Where the shards' hash chains end, for whoever goes on with them: the writers, an estate."""

from collections.abc import Iterable
from typing import Any

import psycopg

from host.ledger import FIRST_SEAL, ChainEnd
from host.store.loading import SQL


def ends_of_chains(
    connection: psycopg.Connection[Any], shards: Iterable[int]
) -> dict[int, ChainEnd]:
    """Of each of these shards; before its first seal a chain ends with what that follows on."""
    ends = dict.fromkeys(sorted(shards), ChainEnd(0, FIRST_SEAL))
    rows = connection.execute(SQL["last_seal"], (list(ends),))
    ends.update({shard: ChainEnd(seq, bytes(digest)) for shard, seq, digest in rows})
    return ends
