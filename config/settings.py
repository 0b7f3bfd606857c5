"""The settings of all programs: one TOML file, read once, frozen, with no secret in it.

A connection string may be written as `env:NAME`: then it is read from the environment by the
program that needs it, and neither the file nor a process list shows it.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from config.errors import SettingsError
from config.logging import Level
from config.places import Places
from host.settings import HostSettings
from switch.settings import SwitchSettings

ENVIRONMENT: Final = "env:"


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PostgreSQL of your own, by login. None of them: the embedded one."""

    owner: str | None = None
    """Who migrates and loads estates; needed by `posswitch db migrate` alone."""
    host: str | None = None
    """A member of the role posswitch_poster."""
    night: str | None = None
    """A member of the role posswitch_night."""

    @property
    def is_embedded(self) -> bool:
        """Whether the server is ours to start."""
        return not (self.owner or self.host or self.night)


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is written."""

    level: Level = "info"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything, by program. `[[channels]]` of the file become those of the switch."""

    switch: SwitchSettings = SwitchSettings()
    host: HostSettings = HostSettings()
    database: DatabaseSettings = DatabaseSettings()
    log: LogSettings = LogSettings()


def load_settings(file: Path) -> Settings:
    """Read a settings file; one that does not exist leaves everything as it is.

    Raises:
        SettingsError: names the file, the key, and what it should be.
    """
    try:
        document = tomllib.loads(file.read_text())
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}. Next: mend that line") from error
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    return _checked(document, file)


def resolved(settings: Settings, places: Places, *, port: int | None = None) -> Settings:
    """Settings whose relative places are absolute, and whose first channel has the port asked."""
    replace = msgspec.structs.replace
    switch = replace(
        settings.switch,
        link=_link_in(places.run, settings.switch.link),
        saf=str(places.data / settings.switch.saf),
    )
    if port is not None:
        first, *others = switch.channels
        switch = replace(switch, channels=(replace(first, port=port), *others))
    host = replace(settings.host, link=_link_in(places.run, settings.host.link))
    return replace(settings, switch=switch, host=host)


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
            f"Next: export {name}=…"
        )
    return environment[name]


def _link_in(directory: Path, link: str) -> str:
    scheme, _, rest = link.partition(":")
    return f"unix:{directory / rest}" if scheme == "unix" else link


def _checked(document: dict[str, Any], file: Path) -> Settings:
    has_channels = "channels" in document
    if has_channels:
        if document.setdefault("switch", {}).keys() & {"channels"}:
            raise SettingsError(f"{file}: channels are told twice. Next: keep [[channels]] only")
        document["switch"]["channels"] = document.pop("channels")
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        text = _explained(str(error))
        if has_channels:
            text = text.replace("switch.channels", "channels")
        raise SettingsError(f"{file}: {text}") from None
    if not settings.switch.channels:
        raise SettingsError(f"{file}: there is no channel. Next: write a [[channels]] table")
    return settings


def _explained(error: str) -> str:
    """Turn msgspec's "what - at `$.key`" round: the key, what is wrong with it, the cure."""
    what, _, place = error.partition(" - at `$.")
    path = place.rstrip("`")
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown is None:
        return f"{path}: {what[0].lower()}{what[1:]}"
    key = f"{path}.{unknown[1]}" if path else unknown[1]
    known = sorted(_keys_at(path))
    near = difflib.get_close_matches(unknown[1], known, n=1)
    cure = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{key}: there is no such setting. Next: {cure}"


def _keys_at(path: str) -> Iterator[str]:
    """The settings that a table may have, following its path from the top."""
    kind: Any = Settings
    for part in re.findall(r"\w+", re.sub(r"\[[^]]*\]", "", path)):
        found = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}[part]
        kind = (get_args(found) or (found,))[0]
    yield from (field.encode_name for field in msgspec.structs.fields(kind))
    if kind is Settings:
        yield "channels"
