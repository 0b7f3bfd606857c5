"""One thing's name in English and in Chinese."""

from typing import NamedTuple


class Word(NamedTuple):
    """Both names."""

    en: str
    zh: str
