"""PIN blocks for others: out of the terminal's key, into the zone key of an external issuer.

The switch asks before it sends a message on to an issuer's own host. Here and nowhere else the two
keys meet, and the clear PIN does not leave `translate_pin_block`. Under a zone key a block has
format 0, which every issuer reads.
"""

from typing import Final, Protocol

import msgspec
import structlog

from host.book import Terminal
from host.desk_sheet import Clerk
from host.hsm.interface import Hsm
from host.hsm.ksn import KsnError
from host.hsm.pin import PinFormatError, PinKey, translate_pin_block
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.store.keys import read_key

ZONE_FORMAT: Final = 0

_LOG = structlog.get_logger(__name__)


class KeyClerk(Clerk, Protocol):
    """The desk, as far as it is needed here."""

    @property
    def vault(self) -> Hsm:
        """Where both keys are opened and put to use."""
        ...


def translate_pin(desk: KeyClerk, request: Request, terminal: Terminal) -> Response:
    """The PIN block of a request under the zone key that it names.

    Raises:
        VaultError: the zone key was altered, or is under another LMK.
    """
    pin, pan = request.pin, request.pan
    if pin is None or pan is None:
        return desk.plain(request, Reason.FORMAT_ERROR)
    zone = read_key(desk.opened(), desk.vault, "zpk", request.zone)
    if zone is None:
        _LOG.error("no such zone key: posswitch keys import --zone enters it", zone=request.zone)
        return desk.plain(request, Reason.FUNCTION_NOT_SUPPORTED)
    try:
        reader = terminal.pin_reader(pin, request.key_generation)
        if reader is None:
            return desk.plain(request, Reason.PIN_FORMAT)
        target = PinKey(zone[1], ZONE_FORMAT)
        translated = translate_pin_block(pin, reader, target, pan, desk.vault.ciphers)
    except KsnError:
        return desk.plain(request, Reason.KSN_REFUSED)
    except (PinFormatError, ValueError):
        return desk.plain(request, Reason.PIN_FORMAT)
    return msgspec.structs.replace(desk.plain(request, Reason.APPROVED), pin=translated)
