"""What a person at the till reads is in their language; what they type is English for everybody.

The till says everything in English. Whoever shows it may have each text said otherwise on its way
to the screen, which is before it is folded.
"""

from collections.abc import Callable


class Tongue:
    """The language of the till that this process shows."""

    def __init__(self) -> None:
        self.said: Callable[[str], str] = str
        self.of_message: Callable[[str], str] = str
        """The same of names of fields and of what their values mean."""
        self.is_chinese = False

    def speak(
        self,
        said: Callable[[str], str],
        of_message: Callable[[str], str] = str,
        *,
        is_chinese: bool,
    ) -> None:
        """From now on, as these say each text of ours."""
        self.said, self.of_message, self.is_chinese = said, of_message, is_chinese


tongue = Tongue()


def said(text: str) -> str:
    """A text of ours as the person reads it."""
    return tongue.said(text)


def of_message(text: str) -> str:
    """A name of a field, or what its value means, as the person reads it."""
    return tongue.of_message(text)
