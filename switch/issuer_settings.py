"""What the switch is told of an external issuer: one `[[issuers]]` table each.

A message goes to the issuer whose prefix of the card number is the longest that fits. What is
about an earlier message (a void, a reversal) goes where that one went.
"""

import re
import zoneinfo
from collections.abc import Sequence
from typing import Final

import msgspec

from host.model.pay_codes import is_of_codes
from host.model.requests import KINDS, Kind
from host.model.responses import Reason
from host.model.secrets import CODE_PREFIX
from switch.channels import Count, LengthName, Seconds, address_of, is_local

ROUTED_KINDS: Final = (Kind.PURCHASE, Kind.BALANCE_INQUIRY, Kind.VOID, Kind.REFUND)
"""What an issuer's host may be asked. Everything else is our own host's, whatever the card."""
AUTHORISED_KINDS: Final = (Kind.PURCHASE, Kind.BALANCE_INQUIRY, Kind.VOID)
"""What an issuer may take as an authorisation: a refund is an advice, 0220."""
PREFIX_DIGITS_MAX: Final = 12


class StandIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is answered in place of an issuer that cannot be asked.

    Only declines: an approval would have to be told to the issuer later, with the card number,
    which the switch never writes down.
    """

    kinds: tuple[Kind, ...]
    """What this is the answer to."""
    reason: Reason
    """How it is declined."""


class IssuerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One issuer's own ISO 8583 host (1987, ASCII, binary bitmap) and our lines to it."""

    name: str
    """What it is called in logs and metrics."""
    prefixes: tuple[str, ...]
    """First digits of the card numbers that are its own."""
    addresses: tuple[str, ...]
    """`HOST:PORT`, a line to each; any of them may carry any message."""
    is_private_line: bool = False
    """The addresses are reached over a leased line, a VPN or a tunnel. Without it only loopback
    addresses are taken, for card numbers would cross a network in clear."""
    kinds: tuple[Kind, ...] = ROUTED_KINDS
    """What it is asked; everything else with its cards goes to our own host."""
    authorises: tuple[Kind, ...] = ()
    """Kinds that it takes as an authorisation (0100) rather than a financial request (0200)."""
    acquirer_id: str = "48882900"
    """F32: who we are to the issuer, up to 11 digits."""
    forwarding_id: str = ""
    """F33, left out when empty."""
    issuer_id: str
    """Its institution number, up to 11 digits: F44 of our answers, and the issuer of the estate in
    whose name our own host posts what it approves."""
    timezone: str = "Asia/Shanghai"
    """Whose local time F12 and F13 are."""
    length_codec: LengthName = "be2"
    """How the length in front of each message is written, as of a channel."""
    sign_on: bool = True
    """Say 0800/001 on every new line and trade only when it was answered 00."""
    echo_seconds: Seconds = 30.0
    """Silence after which a line is tried with 0800/301."""
    echo_answer_seconds_max: Seconds = 10.0
    """After which a line that does not answer a sign-on or an echo is closed."""
    seconds_max: Seconds = 15.0
    """How long an answer is worth waiting for."""
    window_max: Count = 256
    """Messages without an answer; beyond it terminals are told 91 at once."""
    breaker_time_outs: Count = 5
    """So many messages in a row without an answer: the issuer is not asked for a while."""
    breaker_seconds: Seconds = 10.0
    """Then one message tries it."""
    retry_seconds_max: Seconds = 30.0
    """Longest pause between two attempts to connect."""
    pin_zone: str = ""
    """The zone key (ZPK) under which this issuer reads PIN blocks, by the name it was entered with
    (`posswitch keys import NAME --zone`): our own host puts PINs under it. Empty: there is none."""
    takes_no_pin: bool = False
    """Without a zone, True: a PIN block is left out and the issuer decides without; False: such a
    message is declined 40, for a PIN that is typed and not looked at protects nobody."""
    stand_in: tuple[StandIn, ...] = ()
    """While it cannot be asked; without a row 91. An inquiry is never stood in."""

    def __post_init__(self) -> None:
        fault = next((fault for fault, is_so in _faults_of(self).items() if is_so), None)
        if fault is not None:
            raise ValueError(fault)


def check_issuers(issuers: Sequence[IssuerSettings]) -> None:
    """Refuse rows that stand in each other's way.

    Raises:
        ValueError: two issuers of one name, or of one prefix.
    """
    names: set[str] = set()
    owners: dict[str, str] = {}
    for issuer in issuers:
        if issuer.name in names:
            raise ValueError(
                f"issuers: two are named {issuer.name}. Next: give each a name of its own"
            )
        names.add(issuer.name)
        for prefix in issuer.prefixes:
            owner = owners.setdefault(prefix, issuer.name)
            if owner != issuer.name:
                raise ValueError(
                    f"issuers: {owner} and {issuer.name} both have the prefix {prefix}. "
                    "Next: give it to one of them"
                )


def _faults_of(issuer: IssuerSettings) -> dict[str, bool]:
    """What no type can show to be wrong, each with whether it is."""
    foreign = ", ".join(kind.value for kind in issuer.kinds if kind not in ROUTED_KINDS)
    known = ", ".join(kind.value for kind in ROUTED_KINDS)
    no_requests = ", ".join(k.value for k in issuer.authorises if k not in AUTHORISED_KINDS)
    inquiries = [k for row in issuer.stand_in for k in row.kinds if not KINDS[k].moves_value]
    exposed = [] if issuer.is_private_line else _beyond_loopback(issuer.addresses)
    return {
        "name: it is empty. Next: give the issuer a short name": not issuer.name,
        "issuer_id: it is not up to 11 digits. Next: write the issuer's institution number, as the "
        "estate has it": not re.fullmatch(r"[0-9]{1,11}", issuer.issuer_id),
        "prefixes: none. Next: write the first digits of its card numbers": not issuer.prefixes,
        "prefixes: each is one to twelve digits. Next: write them so": not all(
            p.isascii() and p.isdigit() and len(p) <= PREFIX_DIGITS_MAX for p in issuer.prefixes
        ),
        f"prefixes: codes to pay by begin with {CODE_PREFIX}, so no card number of an issuer may. "
        "Next: write longer ones, or others": any(map(is_of_codes, issuer.prefixes)),
        "addresses: none. Next: write HOST:PORT": not issuer.addresses,
        f"kinds: an issuer is not asked {foreign}. Next: write some of {known}": bool(foreign),
        f"authorises: {no_requests} is never a 0100. Next: write some of "
        f"{', '.join(kind.value for kind in AUTHORISED_KINDS)}": bool(no_requests),
        "stand_in: an approval cannot be made up. Next: name a decline": any(
            row.reason is Reason.APPROVED for row in issuer.stand_in
        ),
        "stand_in: an inquiry is never stood in. Next: take it out": bool(inquiries),
        "takes_no_pin: it has a pin_zone. Next: leave one of the two out": (
            issuer.takes_no_pin and bool(issuer.pin_zone)
        ),
        f"timezone: there is no {issuer.timezone}. Next: write one such as Asia/Shanghai": (
            issuer.timezone not in zoneinfo.available_timezones()
        ),
        f"addresses: {', '.join(exposed)} would be reached in clear, card numbers and all. "
        "Next: use a tunnel on this machine, or say is_private_line = true": bool(exposed),
    }


def _beyond_loopback(addresses: Sequence[str]) -> list[str]:
    return [address for address in addresses if not is_local(address_of(address)[0])]
