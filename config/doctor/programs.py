"""Settings, programs that run, the ports they need, and the certificates they show."""

import datetime as dt
import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography import x509

from config.doctor.findings import (
    Finding,
    House,
    State,
    doubt,
    good,
    of_sentence,
    unseen,
    wrong,
)
from config.errors import SettingsError
from config.run.asking import HOST, program_of
from config.settings import ENVIRONMENT, Settings, resolved, revealed
from host.clock import utc_now
from host.link.credentials import Credentials, CredentialsError
from host.link.settings import LinkTlsSettings
from switch.settings import ChannelSettings
from switch.wire.tls import TlsFileError, tls_of

DAYS_LOW: Final = 30
"""A certificate that ends sooner is to be renewed."""
LOGINS: Final = ("owner", "host", "night", "audit", "office")
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
OWED_SECONDS_MAX: Final = 600.0
"""Whatever is owed for longer does not get through."""


def look_at_settings(house: House) -> Iterator[Finding]:
    """The settings are read and make sense, and what they take from the environment is there."""
    if house.settings is None:
        yield of_sentence(State.WRONG, house.trouble)
        return
    missing = list(_missing_variables(house.settings))
    yield from missing
    if not missing:
        where = house.file if house.file.exists() else "no file: all as the program has it"
        yield good(str(where))


def look_at_programs(house: House) -> Iterator[Finding]:
    """Host and switch run, are linked and post, and nothing is owed for long."""
    if house.look_trouble:
        yield of_sentence(State.WRONG, house.look_trouble)
    if not house.looks:
        yield good("neither host nor switch runs; posswitch up starts them")
        return
    for look in house.looks:
        name = program_of(look.number)
        yield good(f"{name} runs as process {look.pid} for {_time(look.at - look.started_at)}")
        values = {sample.name: sample.value for sample in look.samples}
        if not look.is_posting:
            yield wrong("the host has no connection to post on", "see database, below")
        if values.get("posswitch_switch_link_up", 1.0) < 1.0:
            yield wrong(f"{name} is not linked to a host", "start the host, or compare link")
        owed = values.get("posswitch_switch_reversals_waiting", 0.0)
        oldest = values.get("posswitch_switch_reversals_oldest_seconds", 0.0)
        if owed and oldest > OWED_SECONDS_MAX:
            yield doubt(
                f"{name} owes {owed:,.0f} messages, the oldest for {oldest / 60:,.0f} minutes",
                "see the link and the issuers' lines: posswitch top, and its log",
            )


def _time(seconds: float) -> str:
    """As long as it has been, in one unit."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} minutes"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} hours"
    return f"{seconds / DAY:,.0f} days"


def look_at_ports(house: House) -> Iterator[Finding]:
    """Each channel's port is free, or ours."""
    if house.settings is None:
        yield unseen("without settings nobody knows which")
        return
    ours = {each.name: (each, look) for look in house.looks for each in look.channels}
    for row in house.settings.switch.channels:
        if row.connect_to is not None:
            yield good(f"{row.name} calls {row.connect_to}")
        elif row.name in ours:
            listening, look = ours[row.name]
            yield good(f"{row.name} on {listening.address} is ours, process {look.pid}")
        elif any(look.number > HOST for look in house.looks):
            yield doubt(f"{row.name} is in the settings and not at work", "posswitch reload")
        else:
            yield _port(row.name, row.host, row.port)
    yield from _pages(house, house.settings)


def look_at_certificates(house: House) -> Iterator[Finding]:
    """What channels and the link show is good, and stays so for a month."""
    if house.settings is None:
        yield unseen("without settings nobody knows which")
        return
    settings = resolved(house.settings, house.places)
    rows = [row for row in settings.switch.channels if row.tls is not None]
    links = [each for each in (settings.switch.link_tls, settings.host.link_tls) if each]
    if not rows and not links:
        yield good("none is needed: no channel has TLS, and the link is on this machine")
    for row in rows:
        yield from _of_channel(row)
    for link in dict.fromkeys(links):
        yield from _of_link(link)


def _missing_variables(settings: Settings) -> Iterator[Finding]:
    told = {f"database.{name}": getattr(settings.database, name) for name in LOGINS}
    if settings.host.hsm.module is not None:
        told["host.hsm.pin"] = settings.host.hsm.pin
    for key, value in told.items():
        if value is not None and value.startswith(ENVIRONMENT):
            try:
                revealed(value, key)
            except SettingsError as error:
                yield of_sentence(State.DOUBT, str(error))


def _port(name: str, host: str, port: int) -> Finding:
    """Whether it could be listened on now."""
    if not port:
        return good(f"{name} takes any free port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            cures = {
                errno.EADDRINUSE: f"ss -ltnp 'sport = :{port}' shows who has it; stop it, or "
                "write another port",
                errno.EACCES: "write a port above 1023, or let the service bind it "
                "(AmbientCapabilities=CAP_NET_BIND_SERVICE)",
                errno.EADDRNOTAVAIL: "write an address of this machine: ip address",
            }
            cure = cures.get(error.errno or 0, "write another host or port")
            return wrong(f"{name} cannot listen on {host}:{port}: {error.strerror}", cure)
    return good(f"{name} on {host}:{port} is free")


def _pages(house: House, settings: Settings) -> Iterator[Finding]:
    """The ports of metrics, where they are wanted."""
    at_work = {look.metrics for look in house.looks}
    for name, told in (("host", settings.host), ("switch", settings.switch)):
        if told.metrics_port is not None:
            place = (told.metrics_host, told.metrics_port)
            page = f"metrics of the {name}"
            yield (
                good(f"{page} on {place[0]}:{place[1]} are ours")
                if place in at_work
                else _port(page, *place)
            )


def _of_channel(row: ChannelSettings) -> Iterator[Finding]:
    assert row.tls is not None
    try:
        tls_of(row)
    except TlsFileError as error:
        yield of_sentence(State.WRONG, str(error))
        return
    name = f"channel {row.name}"
    cure = "put a new one in its place, and posswitch reload"
    yield _dated(f"{name}: certificate", Path(row.tls.certificate), cure)
    if row.tls.client_ca is not None:
        yield _dated(f"{name}: authority of terminals", Path(row.tls.client_ca), cure)
    if row.tls.revoked is not None:
        yield _revoked(f"{name}: revocation list", Path(row.tls.revoked))


def _of_link(link: LinkTlsSettings) -> Iterator[Finding]:
    try:
        Credentials(link)
    except CredentialsError as error:
        yield of_sentence(State.WRONG, str(error))
        return
    name = Path(link.certificate).stem.removeprefix("link-")
    cure = f"posswitch link certificate {name}, which keeps the pin, then posswitch reload"
    yield _dated("link: certificate", Path(link.certificate), cure)


def _dated(what: str, file: Path, cure: str) -> Finding:
    until = min(
        each.not_valid_after_utc for each in x509.load_pem_x509_certificates(file.read_bytes())
    )
    return _until(f"{what} {file.name}", until, cure)


def _revoked(what: str, file: Path) -> Finding:
    until = x509.load_pem_x509_crl(file.read_bytes()).next_update_utc
    if until is None:
        return good(f"{what} {file.name} has no date")
    cure = "fetch the authority's new list, and posswitch reload"
    return _until(f"{what} {file.name}", until, cure, days_low=2)


def _until(what: str, until: dt.datetime, cure: str, days_low: int = DAYS_LOW) -> Finding:
    days = (until - utc_now()).days
    found = f"{what} is good until {until:%Y-%m-%d}"
    if days < 0:
        return wrong(f"{what} ended on {until:%Y-%m-%d}", cure)
    return doubt(f"{found}, {days} days", cure) if days < days_low else good(found)
