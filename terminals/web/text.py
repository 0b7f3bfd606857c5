"""What a text of a page is: the same thing said in each language there is."""

from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class Text(NamedTuple):
    """One thing said."""

    en: str
    zh: str
