"""What a part of the switch had to catch because nobody thought of it."""

import traceback
from typing import Any


class Bugs:
    """A log in which an exception is a bug, and everything else is no matter."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def exception(self, event: str, **_more: Any) -> None:
        self.found.append(f"{event}\n{traceback.format_exc()}")

    def warning(self, *_args: Any, **_more: Any) -> None:
        """Broken messages are told of."""

    info = error = warning
