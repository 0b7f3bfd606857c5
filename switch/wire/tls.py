"""TLS of channels: who we are there, whom we let in, and the files that say so."""

import ssl
from typing import Final

import structlog
from cryptography import x509

from host.clock import utc_now
from host.link.tls import TlsEnds
from host.named_files import LIST_BYTES_MAX, check_named, read_named
from switch.channels import ChannelSettings, TlsSettings, address_of

_LOG = structlog.get_logger(__name__)


class TlsFileError(ValueError):
    """A certificate, key or authority file cannot be used: says which and what to do."""


def tls_of(channel: ChannelSettings) -> TlsEnds | None:
    """How a channel's connections are made secret; None where they are not.

    Raises:
        TlsFileError: a file is missing, unreadable, or does not hold what it should.
    """
    tls = channel.tls
    if tls is None:
        return None
    if channel.connect_to is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED if tls.require_client else ssl.CERT_NONE
        context.num_tickets = 0  # a connection lives long: there is nothing to resume
        context.options |= ssl.OP_NO_TICKET
        server_name = None
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server_name = address_of(channel.connect_to)[0]
        if tls.client_ca is None:
            context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_files(context, tls, channel.name)
    return TlsEnds(context, server_name)


def load_files(context: ssl.SSLContext, tls: TlsSettings, channel: str) -> None:
    """Put certificate, key, authority and revocation list into a context.

    Raises:
        TlsFileError: one of them cannot be used.
    """
    try:
        check_named(tls.certificate)
        check_named(tls.key)
        context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise TlsFileError(
            f"channel {channel}: tls.certificate {tls.certificate} and tls.key {tls.key} cannot "
            f"be used: {_why(error)}. Next: name a PEM certificate and its key without a passphrase"
        ) from None
    if tls.client_ca is None:
        return
    try:
        check_named(tls.client_ca)
        context.load_verify_locations(tls.client_ca)
    except OSError as error:
        raise TlsFileError(
            f"channel {channel}: tls.client_ca {tls.client_ca} cannot be used: {_why(error)}. "
            "Next: name a PEM file with the authority's certificate"
        ) from None
    if tls.revoked is not None:
        _load_revoked(context, tls.revoked, channel)


def _load_revoked(context: ssl.SSLContext, file: str, channel: str) -> None:
    try:
        found = x509.load_pem_x509_crl(read_named(file, LIST_BYTES_MAX))
        context.load_verify_locations(file)
    except (OSError, ValueError) as error:
        raise TlsFileError(
            f"channel {channel}: tls.revoked {file} cannot be used: {_why(error)}. "
            "Next: name a PEM file with the revocation list of the authority in client_ca"
        ) from None
    context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    until = found.next_update_utc
    if until is not None and until < utc_now():
        _LOG.error(
            "the revocation list is out of date: everybody is refused on this channel until a new "
            "one is in its place; then posswitch reload",
            channel=channel,
            file=file,
            until=until.isoformat(),
        )


def _no_passphrase() -> str:
    """Never ask at a terminal nobody sits at."""
    raise ValueError("the key has a passphrase")


WHYS: Final = {
    "KEY_VALUES_MISMATCH": "the key is another certificate's",
    "KEY_TYPE_MISMATCH": "the key is another certificate's",
    "EE_KEY_TOO_SMALL": "its key is too short",
    "CA_MD_TOO_WEAK": "it is signed by a way that nobody believes any more",
}
"""OpenSSL's name of what is wrong with files, in words."""


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return WHYS.get(error.reason or "", error.reason or "it holds no such thing")
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return getattr(error, "strerror", None) or str(error)
