"""Whether a switch is there at all, asked before a simulator begins: if not, said at once."""

import dataclasses
import os
import ssl
from typing import Final

import trio

from config.errors import SettingsError, SurroundingsError
from host.estate.plan import EstatePlan
from simulators.certificates import SWITCH, phone_tls
from simulators.channels import CHANNELS, Place
from simulators.failures import Failures
from simulators.faults import no_faults
from simulators.record import Record
from simulators.tally import SILENCE
from simulators.till.codes import advice_of_code, words_of_code

CONNECT_SECONDS_MAX: Final = 5.0
HEARD_SECONDS: Final = 0.3
"""How long we listen whether a connection that stands is closed again at once."""
HUNG_UP: Final = "it hangs up at once"
CALLED: Final = "nac-called"
"""The switch calls there, so there is nobody to reach."""


async def reach(channel: str, place: Place) -> None:
    """Call the switch once as the channel does, and hang up.

    Raises:
        SettingsError: the certificates are not there.
        SurroundingsError: nobody listens, or whoever listens does not take us.
    """
    if channel == CALLED:
        await trio.lowlevel.checkpoint()
        return
    tls = _tls_of(place)
    stream = await _connected(channel, place)
    try:
        await _greeted(stream, tls, channel, place)
    finally:
        await trio.aclose_forcefully(stream)


async def be_heard(channel: str, place: Place, estate: EstatePlan) -> None:
    """Ask once as a terminal of the channel whether the switch is there: any answer will do.

    Raises:
        SurroundingsError: whoever listens there speaks otherwise.
    """
    if channel == CALLED:
        await trio.lowlevel.checkpoint()
        return
    row = CHANNELS[channel]
    plan = next(one for one in estate.terminals if row.takes(one))
    before = max(0, place.last_trace - 1)
    asking = dataclasses.replace(
        place, answer_seconds_max=CONNECT_SECONDS_MAX, last_trace=before, failures=Failures()
    )
    with Record(None) as record:
        async with row.opens(asking) as opened:
            counter = opened.counter(plan, estate, record, no_faults())
            async with counter.line:
                answer = await counter.terminal.echo()
    if not answer.f39:
        raise nobody_answers(channel, f"{place.host}:{place.port}", SILENCE)


def _tls_of(place: Place) -> ssl.SSLContext | None:
    home = place.certificates
    if home is None:
        return None
    try:
        return phone_tls(home)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "strerror", None) or "not certificates"
        raise SettingsError(
            f"there are no phone certificates in {home}: {why}. "
            f"Next: posswitch simulate softpos --certificates {home} --make",
            "E-SIMULATOR",
        ) from None


async def _connected(channel: str, place: Place) -> trio.SocketStream:
    where = f"{place.host}:{place.port}"
    try:
        with trio.fail_after(CONNECT_SECONDS_MAX):
            return await trio.open_tcp_stream(place.host, place.port)
    except (OSError, trio.TooSlowError, UnicodeError) as error:
        why = _why(error)
        raise SurroundingsError(
            f"nobody listens for {channel} at {where}: {why}. Next: {_cure(channel)}", "E-SIMULATOR"
        ) from None


async def _greeted(
    stream: trio.SocketStream, tls: ssl.SSLContext | None, channel: str, place: Place
) -> None:
    """Hear whether we are let go at once, the certificates shown where there are some."""
    where = f"{place.host}:{place.port}"
    try:
        with trio.move_on_after(CONNECT_SECONDS_MAX) as scope:
            why = await _let_go(stream, tls)
    except (trio.BrokenResourceError, ssl.SSLError, OSError) as error:
        why = _tls_why(error)
    if why:
        raise SurroundingsError(
            f"{where} does not take a {channel} terminal: {why}. "
            "Next: compare that channel's networks and tls in posswitch.toml with "
            f"{'these certificates' if tls is not None else 'this address'}",
            "E-SIMULATOR",
        )
    if scope.cancelled_caught:
        raise SurroundingsError(
            f"{where} takes the call and never greets. Next: is that a channel with tls? "
            "Without it leave --certificates away",
            "E-SIMULATOR",
        )


async def _let_go(stream: trio.SocketStream, tls: ssl.SSLContext | None) -> str:
    """Why the connection is closed at once; empty where it stays. TLS 1.3 refuses late."""
    told: trio.SocketStream | trio.SSLStream[trio.SocketStream] = stream
    if tls is not None:
        told = secret = trio.SSLStream(stream, tls, server_hostname=SWITCH)
        await secret.do_handshake()
    with trio.move_on_after(HEARD_SECONDS):
        return "" if await told.receive_some(1) else HUNG_UP
    return ""


def _tls_why(error: BaseException) -> str:
    """What a TLS error says, which trio hands on as the cause."""
    for each in (error, error.__cause__):
        if isinstance(each, ssl.SSLError):
            return (each.reason or "TLS failed").replace("_", " ").lower()
    return HUNG_UP


def _why(error: BaseException) -> str:
    if isinstance(error, trio.TooSlowError):
        return "it does not answer"
    first = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(error.__cause__, BaseExceptionGroup):
        first = error.__cause__.exceptions[0]
    number = first.errno if isinstance(first, OSError) else None
    if number is not None and number > 0:
        return os.strerror(number).lower()
    return getattr(first, "strerror", None) or str(first)


def nobody_answers(channel: str, where: str, code: str) -> SurroundingsError:
    """Why no terminal could sign on; `code` is the F39 that was told, `SILENCE` where none was."""
    if code != SILENCE:
        return SurroundingsError(
            f"{where} declines every sign-on: {code} {words_of_code(code)}. "
            f"Next: {advice_of_code(code)}",
            "E-SIMULATOR",
        )
    if channel == CALLED:
        return SurroundingsError(
            f"no switch has called {where} and answered. Next: give it a channel of kind nac with "
            f'connect_to = "{where}", and posswitch reload',
            "E-SIMULATOR",
        )
    kind, dialect = CHANNELS[channel].kind, CHANNELS[channel].dialect
    more = "; with tls a phone needs --certificates DIR" if kind == "softpos" else ""
    return SurroundingsError(
        f"{where} takes calls and answers no {channel} terminal. Next: compare that channel's "
        f'kind ("{kind}"), dialect ("{dialect}") and tls in posswitch.toml{more}',
        "E-SIMULATOR",
    )


def _cure(channel: str) -> str:
    if channel in {"pos", "external"}:
        return "posswitch up --estate demo, or name its --host and --port"
    kind, dialect = CHANNELS[channel].kind, CHANNELS[channel].dialect
    return (
        f'add a channel of kind "{kind}" and dialect "{dialect}" to posswitch.toml (docs/demo.md, '
        "Other channels) and posswitch reload, or name its --host and --port"
    )
