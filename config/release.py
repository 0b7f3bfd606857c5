"""Which release of posswitch this is."""

from importlib import metadata
from typing import Final

PACKAGE: Final = "posswitch"


def release() -> str:
    """Its number, or that it is of a source tree."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:  # a tree that was never installed
        return "of a source tree"
