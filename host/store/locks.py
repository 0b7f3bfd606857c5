"""Advisory lock keys of the database, all in one place so that no two mean different things.

The two-integer form is used: the class below and, for shards, the shard's number.
"""

from typing import Final

LOCK_CLASS: Final = 0x8583
MIGRATION_LOCK: Final = (LOCK_CLASS, 1)
CUT_OFF_LOCK: Final = (LOCK_CLASS, 2)
"""Writers hold it shared for one batch; cut-off takes it alone to turn the business date."""
CHANGE_LOCK: Final = (LOCK_CLASS, 3)
"""Who notes a change holds it shared (`next_change` takes it); who links changes takes it alone."""
RULES_LOCK: Final = 0x8585
"""A class of its own: who changes the house's rules holds it; each is held against all others."""
HEAD_LOCK: Final = (LOCK_CLASS, 4)
"""Who signs a head holds it alone."""
NIGHT_LOCK: Final = (LOCK_CLASS, 5)
"""A run of the night holds it alone, for as long as it runs."""
SHARD_LOCK_CLASS: Final = 0x8584
"""With a shard's number: its one writer holds it for the life of its connection."""
