"""How many files this process may have open, and who comes first.

The limit (RLIMIT_NOFILE) is raised to what the channels may need, as far as the hard one lets it.
The house comes first: its files, the host link, the issuers' lines, gateways that we call, the
sockets it listens at, its pages. What is left is for whoever calls us, on all channels together.
Beyond it a caller is accepted and let go at once, so that accepting itself, and whatever the
house has to open, always finds a descriptor.
"""

import resource
from pathlib import Path
from typing import Final

import structlog

RESERVE: Final = 48
"""Files that the house may open later: a line made again, a page asked for, the log on its shelf,
somebody who asks for a reload, a caller about to be refused."""
_OPEN_FILES: Final = Path("/proc/self/fd")
_OPEN_FILES_USUAL: Final = 32
"""Where the kernel does not say."""


class TooFewFilesError(Exception):
    """The limit does not even let the house do its work; the text says what to do."""


_LOG = structlog.get_logger(__name__)


class Descriptors:
    """This process's, as they are shared out. `house` is what it needs beside what is open now."""

    def __init__(self, house: int) -> None:
        self._house = _open_files() + RESERVE + house
        self.connections_max = 0
        """How many callers there may be, of all channels together."""

    def share(self, wanted: int) -> None:
        """Make room for so many callers, or for as many as the limit lets.

        Raises:
            TooFewFilesError: it lets none.
        """
        limit = _raised_to(wanted + self._house)
        possible = min(wanted, limit - self._house)
        if possible < min(wanted, 1):
            raise TooFewFilesError(
                f"a process may have {limit} files open here, and the switch needs {self._house} "
                f"beside its connections. Next: raise the hard limit (ulimit -Hn, LimitNOFILE)"
            )
        self.connections_max = possible
        shares = {
            "open_files_max": limit,
            "for_the_house": self._house,
            "for_connections": possible,
            "connections_wanted": wanted,
        }
        if possible < wanted:
            _LOG.warning("fewer connections than the channels allow; raise ulimit -Hn", **shares)
        else:
            _LOG.info("open files shared out", **shares)


def _raised_to(wanted: int) -> int:
    """The limit as it is now, raised to this where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def _open_files() -> int:
    try:
        return len(list(_OPEN_FILES.iterdir()))
    except OSError:
        return _OPEN_FILES_USUAL
