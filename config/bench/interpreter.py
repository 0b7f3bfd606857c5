"""Which Python a figure was measured with: builds of one version may differ by a third.

Nothing of it names a place of this machine.
"""

import platform
import sys
from pathlib import Path
from typing import Final

import msgspec

KINDS: Final = (
    ("/usr/local", "built here, /usr/local"),
    ("/usr", "the system's"),
    ("/opt", "of a package of its own, /opt"),
)
"""Where an interpreter lives, the longest place first, and what that says of it."""


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """As it says of itself."""

    version: str
    build: str
    """Branch or tag, and when it was built."""
    compiler: str
    kind: str
    """Whose it is, by the place where it lives."""

    @classmethod
    def running(cls) -> "Interpreter":
        """The one that runs this."""
        return cls(
            version=platform.python_version(),
            build=", ".join(platform.python_build()),
            compiler=platform.python_compiler(),
            kind=kind_of(Path(sys.base_prefix)),
        )

    def __str__(self) -> str:
        return f"Python {self.version} ({self.build}), {self.compiler}, {self.kind}"


def kind_of(prefix: Path) -> str:
    """Whose interpreter it is that lives there."""
    for place, kind in KINDS:
        if prefix.is_relative_to(place):
            return kind
    for tool in ("pyenv", "uv", "conda"):
        if any(tool in part for part in prefix.parts):
            return f"of {tool}"
    return "of another place"
