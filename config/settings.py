"""The settings of all programs: one TOML file, read once, frozen, with no secret in it.

A connection string may be written as `env:NAME`: then it is read from the environment by the
program that needs it, and neither the file nor a process list shows it.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from config.errors import SettingsError, explained
from config.listening import SharedPortError, check_places
from config.logging import Level
from config.places import Places
from host.link.settings import LinkTlsSettings
from host.named_files import read_named_text
from host.office.fields import problem_of
from host.settings import HostSettings
from host.sms import in_directory
from switch.channels import is_local
from switch.settings import ChannelSettings, SwitchSettings, TlsSettings
from switch.strategy import DeadlineError, check_deadlines
from switch.web_settings import WebSettings

ENVIRONMENT: Final = "env:"
LOOPBACKS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a channel may say
"""By what a channel is called from this machine that listens at every address."""
TOP_TABLES: Final = ("channels", "issuers")
"""Tables of the switch that stand by themselves in the file, as `[[channels]]`."""
MENDED: Final = "mend it as docs/settings.md has it"
MISSING: Final = "it is missing. Next: write it"
NO_CHANNEL: Final = "there is no channel. Next: write a [[channels]] table"
UNKNOWN: Final = "there is no such setting"
NO_CHOICE: Final = "there is no {}"
SHOWN_MAX: Final = 6
"""Settings that are named to who typed another."""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PostgreSQL of your own, by login. None of them: the embedded one."""

    owner: str | None = None
    """Who migrates and loads estates; needed by `posswitch db migrate` alone."""
    host: str | None = None
    """A member of the role posswitch_poster."""
    night: str | None = None
    """A member of the role posswitch_night."""
    audit: str | None = None
    """A member of the role posswitch_auditor, which `posswitch audit` logs in as."""
    office: str | None = None
    """A member of the role posswitch_office, as which the host does what people ask for; without
    it nobody can ask."""

    @property
    def is_embedded(self) -> bool:
        """Whether the server is ours to start."""
        return not (self.owner or self.host or self.night)


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is written."""

    level: Level = "info"
    """What is not less than this is logged."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything, by program. `[[channels]]` of the file become those of the switch."""

    switch: SwitchSettings = SwitchSettings()
    host: HostSettings = HostSettings()
    web: WebSettings = WebSettings()
    database: DatabaseSettings = DatabaseSettings()
    log: LogSettings = LogSettings()


def load_settings(file: Path) -> Settings:
    """Read a settings file; one that does not exist leaves everything as it is.

    Raises:
        SettingsError: names the file, the key, and what it should be.
    """
    try:
        document = tomllib.loads(read_named_text(file))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file} is not TOML: {error}. Next: mend that line", "E-SETTINGS-FILE"
        ) from error
    except OSError as error:
        raise explained(error) or SettingsError(
            f"cannot read {file}: {error}", "E-SETTINGS-FILE"
        ) from None
    return _checked(document, file)


def resolved(
    settings: Settings, places: Places, *, port: int | None = None, number: int = 1
) -> Settings:
    """Settings as one program has them.

    Relative places are absolute, the first channel has the port asked, and what several switch
    processes may not share is that of this `number`.
    """
    replace = msgspec.structs.replace
    told = settings.switch
    switch = replace(
        told,
        link=_link_in(places.run, told.link),
        link_tls=_link_tls_in(places.data, told.link_tls),
        saf=str(saf_of(places.data / told.saf, number)),
        routes=str(places.data / told.routes),
        attestations=str(places.data / told.attestations),
        metrics_port=told.metrics_port and told.metrics_port + number - 1,
        channels=_channels_of(told, places, port, number),
    )
    host = replace(
        settings.host,
        link=_link_in(places.run, settings.host.link),
        link_also=tuple(_link_in(places.run, each) for each in settings.host.link_also),
        link_tls=_link_tls_in(places.data, settings.host.link_tls),
        sms=in_directory(places.data, settings.host.sms),
    )
    web = replace(
        settings.web,
        tls=_tls_in(places.data, settings.web.tls),
        seats=str(places.data / settings.web.seats),
        seats_call=settings.web.seats_call or seats_call_of(switch.channels),
        seats_ca=settings.web.seats_ca and str(places.data / settings.web.seats_ca),
    )
    return replace(settings, switch=switch, host=host, web=web)


def seats_call_of(
    channels: Sequence[ChannelSettings], ports: Mapping[str, int] | None = None
) -> str:
    """Where seats of this machine speak: the first channel of POS terminals that fits.

    Its port is known, and what is said to it leaves this machine by no network. `ports` are those
    that channels took which may have any, by their names. Empty: nowhere.
    """
    for one in channels:
        port = one.port or (ports or {}).get(one.name, 0)
        host = LOOPBACKS.get(one.host, one.host)
        is_plain = not (one.connect_to or one.tls or one.preamble_bytes) and is_local(host)
        if one.dialect == "pos" and port and is_plain:
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""


def saf_of(first: Path, number: int) -> Path:
    """The store-and-forward file of a switch process, by that of the first."""
    return first if number == 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")


def siblings_of(saf: Path, number: int, processes: int) -> tuple[Path, ...]:
    """The store-and-forward files of the other switch processes, by that of one."""
    first = saf if number == 1 else saf.with_stem(saf.stem.removesuffix(f"-{number}"))
    others = (each for each in range(1, processes + 1) if each != number)
    return tuple(saf_of(first, each) for each in others)


def revealed(value: str, key: str, environment: Mapping[str, str] = os.environ) -> str:
    """A setting's value, from the environment when it says so.

    Raises:
        SettingsError: the variable is not set.
    """
    if not value.startswith(ENVIRONMENT):
        return value
    name = value.removeprefix(ENVIRONMENT)
    if name not in environment:
        raise SettingsError(
            f"the setting {key} is read from the environment variable {name}, which is not set. "
            f"Next: export {name}=…",
            "E-SETTINGS-VARIABLE",
        )
    return environment[name]


def _channels_of(
    told: SwitchSettings, places: Places, port: int | None, number: int
) -> tuple[ChannelSettings, ...]:
    replace = msgspec.structs.replace
    first, *others = told.channels
    rows = (first if port is None else replace(first, port=port), *others)
    return tuple(
        replace(
            row,
            tls=_tls_in(places.data, row.tls),
            reuse_port=row.reuse_port or told.processes > 1,
            options=replace(
                row.options,
                attestation_keys={
                    name: str(places.data / file)
                    for name, file in row.options.attestation_keys.items()
                },
            ),
        )
        for row in rows
        if number == 1 or row.connect_to is None
    )


def _tls_in(directory: Path, tls: TlsSettings | None) -> TlsSettings | None:
    if tls is None:
        return None
    return msgspec.structs.replace(
        tls,
        certificate=str(directory / tls.certificate),
        key=str(directory / tls.key),
        client_ca=tls.client_ca and str(directory / tls.client_ca),
        revoked=tls.revoked and str(directory / tls.revoked),
    )


def _link_tls_in(directory: Path, tls: LinkTlsSettings | None) -> LinkTlsSettings | None:
    if tls is None:
        return None
    return msgspec.structs.replace(
        tls,
        certificate=str(directory / tls.certificate),
        key=str(directory / tls.key),
        pins=str(directory / tls.pins),
    )


def _link_in(directory: Path, link: str) -> str:
    scheme, _, rest = link.partition(":")
    return f"unix:{directory / rest}" if scheme == "unix" else link


def _checked(document: dict[str, Any], file: Path) -> Settings:
    moved = [table for table in TOP_TABLES if table in document]
    for table in moved:
        if document.setdefault("switch", {}).keys() & {table}:
            raise SettingsError(f"{file}: {table} are told twice. Next: keep [[{table}]] only")
        document["switch"][table] = document.pop(table)
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        text = _explained(str(error))
        for table in moved:
            text = text.replace(f"switch.{table}", table)
        raise SettingsError(f"{file}: {text}") from None
    if not settings.switch.channels:
        raise SettingsError(f"{file}: {NO_CHANNEL}")
    try:
        check_deadlines(settings.host.statement_seconds_max, settings.switch)
        check_places(settings.switch, settings.web)
    except (DeadlineError, SharedPortError) as error:
        raise SettingsError(f"{file}: {error}") from None
    return settings


def _explained(error: str) -> str:
    """Turn msgspec's "what - at `$.key`" round: the key, what is wrong with it, the cure.

    What a row has found wrong with itself begins with its own key already.
    """
    what, _, place = error.partition(" - at `$.")
    path = place.rstrip("`")
    if re.match(r"[a-z_]+: ", what):
        return f"{path}.{what}" if path else what
    if missing := re.search(r"missing required field `(.+)`", what):
        return f"{path}.{missing[1]}: {MISSING}"
    if odd := re.search(r"[Ii]nvalid enum value '(.*)'", what):
        what = NO_CHOICE.format(repr(odd[1]))
        return f"{path}: {what}. Next: {_cure(odd[1], _choices_at(path))}"
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown is None:
        return f"{path}: {problem_of(what)}. Next: {MENDED}"
    key = f"{path}.{unknown[1]}" if path else unknown[1]
    known = sorted(_keys_at(path))
    return f"{key}: {UNKNOWN}. Next: {_cure(unknown[1], known)}"


def _cure(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    if len(known) <= SHOWN_MAX:
        return f"known here: {', '.join(known)}"
    nearest = difflib.get_close_matches(word, known, n=SHOWN_MAX, cutoff=0.0)
    return f"nearest here: {', '.join(nearest)}; all are in docs/settings.md"


def _keys_at(path: str) -> Iterator[str]:
    """The settings that a table may have, following its path from the top."""
    kind = _kind_at(path)
    yield from (field.encode_name for field in msgspec.structs.fields(kind))
    if kind is Settings:
        yield from TOP_TABLES


def _choices_at(path: str) -> list[str]:
    """What a setting may be that is one of a few words."""
    kind = _kind_at(path)
    return [str(each) for each in get_args(kind) or kind]


def _kind_at(path: str) -> Any:
    """What stands at a path from the top; of a list, what is in it."""
    kind: Any = Settings
    for part in re.findall(r"\w+", re.sub(r"\[[^]]*\]", "", path)):
        found = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}[part]
        inner = get_args(found) or (found,)
        kind = found if isinstance(inner[0], str) else inner[0]
    return kind
