"""What a person at a till typed wrong."""


class TillError(Exception):
    """It cannot be done; says what, why, and what to type instead."""


def quoted(word: str) -> str:
    """A word as it was typed, cut where it is long."""
    most = 40
    return repr(word if len(word) <= most else f"{word[:most]}…")
