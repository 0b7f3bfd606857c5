"""PIN blocks for others: out of the terminal's key, into the zone key of an external issuer.

The switch asks before it sends a message on to an issuer's own host. Here and nowhere else the two
keys meet, and the clear PIN does not leave `translate_pin_block`. Under a zone key a block has
format 0, which every issuer reads.

Zone keys are in the book, opened once: a PIN block waits for no database, so that neither
settlements nor sign-ons hold up a sale.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
import structlog

from host.book import Terminal
from host.hsm.interface import Hsm
from host.hsm.ksn import KsnError
from host.hsm.pin import PinFormatError, PinKey, translate_pin_block
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret

ZONE_FORMAT: Final = 0

_LOG = structlog.get_logger(__name__)


Zones = Mapping[str, Secret | None]
"""Zone keys by name; None for one that cannot be used."""


class PinClerk(Protocol):
    """The desk, as far as it is needed here."""

    @property
    def vault(self) -> Hsm:
        """Where both keys are put to use."""
        ...

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        ...


def translate_pin(desk: PinClerk, request: Request, terminal: Terminal, zones: Zones) -> Response:
    """The PIN block of a request under the zone key that it names."""
    pin, pan = request.pin, request.pan
    if pin is None or pan is None:
        return desk.plain(request, Reason.FORMAT_ERROR)
    zone = _zone_key(request.zone, zones)
    if isinstance(zone, Reason):
        return desk.plain(request, zone)
    try:
        reader = terminal.pin_reader(pin, request.key_generation)
        if reader is None:
            return desk.plain(request, Reason.PIN_FORMAT)
        target = PinKey(zone, ZONE_FORMAT)
        translated = translate_pin_block(pin, reader, target, pan, desk.vault.ciphers)
    except KsnError:
        return desk.plain(request, Reason.KSN_REFUSED)
    except (PinFormatError, ValueError):
        return desk.plain(request, Reason.PIN_FORMAT)
    return msgspec.structs.replace(desk.plain(request, Reason.APPROVED), pin=translated)


def _zone_key(name: str, zones: Zones) -> Secret | Reason:
    if name not in zones:
        _LOG.error(
            "no such zone key: posswitch keys import --zone, then posswitch reload", zone=name
        )
        return Reason.FUNCTION_NOT_SUPPORTED
    zone = zones[name]
    if zone is None:
        _LOG.error("a zone key cannot be used: see posswitch keys list", zone=name)
        return Reason.MALFUNCTION
    return zone
