"""Settings, programs that run, the ports they need, and the certificates they show."""

import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

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
from host.link.ports import port_error
from host.link.settings import LinkTlsSettings
from switch.channels import TlsSettings
from switch.wire.dated import (
    AUTHORITY,
    CERTIFICATE,
    REVOKED,
    TOLD_BEFORE,
    Dated,
    dated_files,
    key_is_open,
)
from switch.wire.tls import TlsFileError, load_files, tls_of

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
    """What channels, pages and the link show is good, and stays so for a month."""
    if house.settings is None:
        yield unseen("without settings nobody knows which")
        return
    settings = resolved(house.settings, house.places)
    rows = [row for row in settings.switch.channels if row.tls is not None]
    links = [each for each in (settings.switch.link_tls, settings.host.link_tls) if each]
    if not rows and not links and settings.web.tls is None:
        yield good("none is needed: no channel or page has TLS, and the link is on this machine")
    for row in rows:
        assert row.tls is not None
        yield from _of_tls(f"channel {row.name}", row.tls, partial(tls_of, row))
    if (tls := settings.web.tls) is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        yield from _of_tls("web", tls, partial(load_files, context, tls, "web"))
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
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OSError as error:
        return of_sentence(State.WRONG, str(port_error(name, host, port, error)))
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


def _of_tls(name: str, tls: TlsSettings, load: Callable[[], object]) -> Iterator[Finding]:
    try:
        load()
    except TlsFileError as error:
        yield of_sentence(State.WRONG, str(error))
        return
    if key_is_open(tls.key):
        yield wrong(
            f"{name}: its key {tls.key} may be read by others",
            f"chmod 600 {tls.key}, and have another made if somebody could have read it",
        )
    for each in dated_files(tls):
        yield _dated(f"{WHOSE[each.what].format(name)} {Path(each.file).name}", each)


WHOSE: Final = {
    CERTIFICATE: "{}: certificate",
    AUTHORITY: "{}: authority of who calls",
    REVOKED: "{}: revocation list",
}
CURES: Final = {
    CERTIFICATE: "put a new one in its place, and posswitch reload",
    AUTHORITY: "put a new one in its place, and posswitch reload",
    REVOKED: "fetch the authority's new list, and posswitch reload",
}


def _of_link(link: LinkTlsSettings) -> Iterator[Finding]:
    try:
        Credentials(link)
    except CredentialsError as error:
        yield of_sentence(State.WRONG, str(error))
        return
    name = Path(link.certificate).stem.removeprefix("link-")
    cure = f"posswitch link certificate {name}, which keeps the pin, then posswitch reload"
    file = Path(link.certificate)
    for each in dated_files(TlsSettings(certificate=link.certificate, key=link.key)):
        yield _dated(f"link: certificate {file.name}", each, cure)


def _dated(what: str, file: Dated, cure: str | None = None) -> Finding:
    cure = cure or CURES[file.what]
    now, until = utc_now(), file.until
    if file.begins > now:
        return wrong(f"{what} begins on {file.begins:%Y-%m-%d}", f"compare the clocks, or {cure}")
    if until <= now:
        return wrong(f"{what} ended on {until:%Y-%m-%d}", cure)
    found = f"{what} is good until {until:%Y-%m-%d}"
    left = until - now
    return (
        doubt(f"{found}, {left.days} days", cure) if left < TOLD_BEFORE[file.what] else good(found)
    )
