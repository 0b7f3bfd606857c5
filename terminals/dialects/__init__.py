"""How terminals spell their messages: one table a dialect, and the table of their names.

A dialect is imported when a channel first asks for it: a switch of POS terminals alone never
loads what the others need.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from terminals.dialect import Dialect

if TYPE_CHECKING:
    from terminals.attestation import UsedTokens
    from terminals.profiles import Profile


class DialectError(ValueError):
    """A channel names a dialect that there is not, or its options do not fit. Says what to do."""


class DialectOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel may tell its dialect. Each dialect takes what concerns it."""

    profile: str = "unionpay"
    """`pos`, `ascii87-hex`, `ascii87-bin`: whose response codes, a row of `profiles.PROFILES`."""
    text_in: Literal["", "59", "63"] = ""
    """The same: the field in which answers say in words what came of it, if any."""
    language: Literal["chinese", "english"] = "chinese"
    """The same: in which words."""
    ksn_in: Literal["", "59"] = ""
    """The same: the field in which devices under DUKPT write their KSN."""
    header_bytes: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """`ascii87-hex`, `ascii87-bin`: what stands before the message type and comes back as is."""
    has_tpdu: bool = True
    """`pos`: whether a message begins with the five bytes of a TPDU."""
    has_header: bool = True
    """`pos`: whether the six bytes of a header follow."""
    layout: str = "common"
    """`mis-fixed`: a shipped record layout (`terminals/layouts/NAME.txt`) or a path to one."""
    attestation_keys: dict[str, str] = {}
    """`softpos`: key id to the file of an Ed25519 or P-256 public key in PEM."""
    attestation_seconds_max: float = 60.0
    """`softpos`: how old an attestation may be."""


def _pos(options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.pos import pos_dialect

    dialect = dataclasses.replace(pos_dialect(_profile(options)), ksn_field=options.ksn_in)
    if not options.has_tpdu:
        dialect = dataclasses.replace(dialect, tpdu_bytes=0)
    if not options.has_header:
        dialect = dataclasses.replace(dialect, header_bytes=0, header_says_what_next=False)
    return dialect


def _ascii87_hexadecimal(options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.ascii87 import ascii87_dialect
    from terminals.dialects.ascii87_fields import HEXADECIMAL

    dialect = ascii87_dialect(HEXADECIMAL, _profile(options), options.header_bytes)
    return dataclasses.replace(dialect, ksn_field=options.ksn_in)


def _ascii87_binary(options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.ascii87 import ascii87_dialect
    from terminals.dialects.ascii87_fields import BINARY

    dialect = ascii87_dialect(BINARY, _profile(options), options.header_bytes)
    return dataclasses.replace(dialect, ksn_field=options.ksn_in)


def _profile(options: DialectOptions) -> "Profile":
    from terminals.profiles import PROFILES, Language, TextIn

    profile = PROFILES.get(options.profile)
    if profile is None:
        known = ", ".join(sorted(PROFILES))
        msg = f"there is no profile {options.profile!r}. Next: name one of {known} in [[channels]]"
        raise DialectError(msg)
    return msgspec.structs.replace(
        profile, text_in=TextIn(options.text_in), language=Language(options.language)
    )


def _mis_fixed(options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.mis_fixed import fixed
    from terminals.records import LayoutError, layout_named

    try:
        return fixed(layout_named(options.layout))
    except LayoutError as error:
        raise DialectError(str(error)) from error


def _mis_json(_options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.mis_json import MIS_JSON

    return MIS_JSON


def _mis_iso(_options: DialectOptions, _remembers: "Remembers") -> Dialect:
    from terminals.dialects.mis_iso import MIS_ISO

    return MIS_ISO


def _softpos(options: DialectOptions, remembers: "Remembers") -> Dialect:
    from terminals.attestation import AttestationKeyError, Attestations, load_attestation_keys
    from terminals.dialects.softpos import SoftPosDialect

    try:
        keys = load_attestation_keys(options.attestation_keys)
    except AttestationKeyError as error:
        raise DialectError(str(error)) from error
    age_seconds_max = options.attestation_seconds_max
    return SoftPosDialect(
        Attestations(keys, age_seconds_max=age_seconds_max, used=remembers() if remembers else None)
    )


Remembers = Callable[[], "UsedTokens"] | None
"""Where used attestations are remembered, asked when a channel needs it; None: in this process."""

DIALECTS: Final[dict[str, Callable[[DialectOptions, Remembers], Dialect]]] = {
    "pos": _pos,
    "ascii87-hex": _ascii87_hexadecimal,
    "ascii87-bin": _ascii87_binary,
    "mis-fixed": _mis_fixed,
    "mis-json": _mis_json,
    "mis-iso": _mis_iso,
    "softpos": _softpos,
}
"""What `dialect` of a channel may be, and what makes it."""


def dialect_named(
    name: str, options: DialectOptions | None = None, remembers: Remembers = None
) -> Dialect:
    """The dialect of a channel.

    Raises:
        DialectError: no such dialect, or an option it cannot work with.
    """
    make = DIALECTS.get(name)
    if make is None:
        known = ", ".join(sorted(DIALECTS))
        msg = f"there is no dialect {name!r}. Next: name one of {known} in [[channels]]"
        raise DialectError(msg)
    return make(options or DialectOptions(), remembers)
