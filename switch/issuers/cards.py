"""Card numbers of what went to an issuer, in memory alone, for the reversals that may follow.

A swiped reversal names no card, and nothing that is written down does either. An issuer wants F2
in a 0420 all the same, so the numbers of the newest messages are kept in their own type for as
long as this process lives; after a restart an original is named by F90 alone.
"""

from typing import Final

from host.model.secrets import Pan

CARDS_MAX: Final = 16_384


class RecentCards:
    """By the key of the exchange; the oldest makes room."""

    __slots__ = ("_by_key",)

    def __init__(self) -> None:
        self._by_key: dict[str, Pan] = {}

    def keep(self, key_text: str, pan: Pan) -> None:
        """This message was about this card."""
        self._by_key.pop(key_text, None)
        if len(self._by_key) >= CARDS_MAX:
            del self._by_key[next(iter(self._by_key))]
        self._by_key[key_text] = pan

    def of(self, key_text: str) -> Pan | None:
        """Whose it was, where that is still known."""
        return self._by_key.get(key_text)
