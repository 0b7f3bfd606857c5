"""What stands between a browser and a form: cookies, the token of a form, headers, limits.

A form is taken from our own pages alone: the browser says where it comes from (Fetch Metadata, or
Origin), and the form carries a token that is bound to the browser's cookies. Sign-in begins a new
session and a new door, so nothing that was planted before is worth anything after it.
"""

import hmac
import secrets
import time
from collections import OrderedDict, deque
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from host.model.secrets import Secret

SESSION: Final = "posswitch_session"
DOOR: Final = "posswitch_door"
LANGUAGE: Final = "posswitch_language"
HOST_PREFIX: Final = "__Host-"
"""RFC 6265bis: a cookie of that name is of this host alone, and came by TLS."""
SESSION_SECONDS: Final = 12 * 3600
YEAR_SECONDS: Final = 365 * 24 * 3600
MINUTE_SECONDS: Final = 60.0
SOURCES_MAX: Final = 20_000
"""Counted apart; beyond that the oldest is forgotten."""
TOKEN_CHARACTERS_MAX: Final = 200

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        " object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
"""With every answer."""
STRICT_TRANSPORT: Final = "max-age=31536000"


class Guard:
    """Cookies and tokens of one front. Its key lives as long as the process."""

    def __init__(self, *, is_secure: bool) -> None:
        self._key = secrets.token_bytes(32)
        self._is_secure = is_secure
        self._prefix = HOST_PREFIX if is_secure else ""

    def session(self, request: Request) -> Secret | None:
        """Of who has signed in."""
        told = request.cookies.get(self._prefix + SESSION, "")
        return Secret(told.encode()) if 0 < len(told) <= TOKEN_CHARACTERS_MAX else None

    def door(self, request: Request) -> str:
        """What this browser was given when it first came; empty: nothing yet."""
        told = request.cookies.get(self._prefix + DOOR, "")
        return told if len(told) <= TOKEN_CHARACTERS_MAX else ""

    def form_token(self, door: str, session: Secret | None) -> str:
        """What stands in each form of this browser while it is signed in so."""
        about = b"\0".join([door.encode(), session.reveal() if session else b""])
        return hmac.new(self._key, about, sha256).hexdigest()

    def is_ours(self, request: Request, told: str) -> bool:
        """Whether a form with this token comes from one of our pages in this browser."""
        door = self.door(request)
        is_from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        origin = request.headers.get("origin")
        if origin is not None and origin != f"{request.url.scheme}://{request.url.netloc}":
            return False
        right = self.form_token(door, self.session(request))
        return bool(door) and is_from_here and hmac.compare_digest(told.encode(), right.encode())

    def open_door(self, response: Response, door: str = "") -> str:
        """Give the browser a door of its own; gives it back."""
        door = door or secrets.token_urlsafe(24)
        self._keep(response, DOOR, door, SESSION_SECONDS)
        return door

    def keep_session(self, response: Response, session: Secret, door: str = "") -> None:
        """Sign the browser in, by a new door; whatever it had before is over."""
        self.open_door(response, door)
        self._keep(response, SESSION, session.reveal().decode(), SESSION_SECONDS)

    def forget_session(self, response: Response) -> None:
        """Sign it out."""
        for name in (SESSION, DOOR):
            response.delete_cookie(
                self._prefix + name, secure=self._is_secure, httponly=True, samesite="strict"
            )

    def keep_language(self, response: Response, language: str) -> None:
        """What its pages are written in from now on."""
        self._keep(response, LANGUAGE, language, YEAR_SECONDS)

    def language(self, request: Request) -> str:
        """As it was chosen; empty: never."""
        return request.cookies.get(self._prefix + LANGUAGE, "")

    @property
    def headers(self) -> dict[str, str]:
        """Those of every answer."""
        strict = {"Strict-Transport-Security": STRICT_TRANSPORT} if self._is_secure else {}
        return HEADERS | strict

    def _keep(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )


class Limiter:
    """So many a minute of one name."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def takes(self, name: str) -> bool:
        """Whether one more is let in; it is counted."""
        now = time.monotonic()
        tries = self._tries.setdefault(name, deque())
        self._tries.move_to_end(name)
        while len(self._tries) > SOURCES_MAX:
            self._tries.popitem(last=False)
        while tries and tries[0] < now - MINUTE_SECONDS:
            tries.popleft()
        if len(tries) >= self.a_minute:
            return False
        tries.append(now)
        return True
