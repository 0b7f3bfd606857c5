"""Certificates of browsers: who shows one, and which roles come only with one.

TLS is hypercorn's, which tells a page nothing of it; so each connection's own TLS object notes what
was shown to it, in the context that all requests of the connection run in. A certificate that is no
good is refused by TLS itself, which has no words for a person: why is in the log. A role of
`[web] certificate_roles` without one gets a page that says what is missing.
"""

import ssl
from collections.abc import Callable, Collection
from contextvars import ContextVar
from typing import Final

import structlog
from cryptography import x509
from hypercorn.config import Config
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from host.link.tls import explained
from host.model.catalogue import Catalogue
from host.model.office import NOBODY, Refused
from host.model.secrets import Secret
from host.office.refusals import CERTIFICATE
from switch.channels import TlsSettings
from switch.web.api import bearer, json_of, source_of
from switch.web.desk import HostAwayError
from switch.web.visits import Visits
from switch.wire.tls import load_files
from terminals.web import pages

CHANNEL: Final = "web"
"""What a sentence about its files calls it."""
ALWAYS_OPEN: Final = ("/static/", "/sign-in", "/sign-out", "/grant", "/language", "/invitation")
"""How one gets in, out, and to another grant."""
MISSING: Final = Refused(code=CERTIFICATE.code, en=CERTIFICATE.en, zh=CERTIFICATE.zh)
SHOWN: Final[ContextVar[str]] = ContextVar("shown", default="")
"""Whose certificate the connection of this request has shown; empty: none."""
_LOG = structlog.get_logger(__name__)
_WAITS: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Noting(ssl.SSLObject):
    """TLS of one connection, which notes what was shown to it."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except _WAITS:
            raise
        except ssl.SSLError as error:
            _LOG.warning("a browser was refused by TLS", why=str(explained(error)))
            raise
        SHOWN.set(_name_of(self))


def _name_of(connection: ssl.SSLObject) -> str:
    found = connection.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(found).subject.rfc4514_string() if found else ""


def context_of(tls: TlsSettings, config: Config) -> ssl.SSLContext:
    """How browsers are spoken to, and what they have to show.

    Raises:
        TlsFileError: a file cannot be used; says which and what to do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(config.ciphers)
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(config.alpn_protocols)
    context.sslobject_class = _Noting
    if tls.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED if tls.require_client else ssl.CERT_OPTIONAL
        context.num_tickets = 0  # what is resumed would show nothing
        context.options |= ssl.OP_NO_TICKET
    load_files(context, tls, CHANNEL)
    return context


class Certified:
    """Lets nobody of such a role do or see anything who has shown no certificate."""

    def __init__(
        self, app: ASGIApp, *, visits: Visits, roles: Callable[[], Collection[str]]
    ) -> None:
        self._app = app
        self._visits = visits
        self._roles = roles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_open = scope["type"] != "http" or scope["path"].startswith(ALWAYS_OPEN)
        if is_open or SHOWN.get() or not self._roles():
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if await self._comes_without(request):
            answer = await self._refused(request)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _comes_without(self, request: Request) -> bool:
        held = [one for one in (bearer(request), self._visits.guard.session(request))
                if one is not None and one is not NOBODY]  # fmt: skip
        return any([await self._is_of_such(one, request) for one in held])

    async def _is_of_such(self, session: Secret, request: Request) -> bool:
        try:
            told = await self._visits.desk.catalogue(session, source_of(request))
        except HostAwayError:
            return False  # nothing is told or done without the host
        return isinstance(told, Catalogue) and told.grant.role in self._roles()

    async def _refused(self, request: Request) -> Response:
        if request.url.path.startswith("/v1/"):
            return json_of(MISSING)
        visits = self._visits
        return visits.shown(request, pages.certificate(await visits.reader(request)), 403)
