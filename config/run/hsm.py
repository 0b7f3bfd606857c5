"""Opens the security module that the settings name: in this process, or a PKCS#11 device."""

import os
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from config.errors import SettingsError, SurroundingsError
from config.places import Places
from config.settings import revealed
from host.hsm.interface import Hsm
from host.hsm.vault import LMK_VARIABLE, Vault, create_lmk, load_lmk
from host.key_faults import UNUSABLE
from host.model.secrets import Secret
from host.settings import HsmSettings
from host.store.connecting import SHORT, Connection, connect
from host.store.queries import load_queries

if TYPE_CHECKING:  # the device's package is optional
    from host.hsm.pkcs11 import Token

SQL: Final = load_queries("config.run", "hsm.sql")
WITNESSES: Final = 8
"""Of each kind of what is stored so many are tried: one that opens shows that the LMK is theirs."""


def open_hsm(settings: HsmSettings, places: Places, dsn: str) -> Hsm:
    """The security module. Without a device it keeps its LMK in a file, made at first use.

    `dsn` is of the database whose keys are under that LMK.

    Raises:
        OperatorError, LmkError, HsmError: the LMK is lost or another, or the device cannot be used.
    """
    hsm, where = _opened(settings, places, dsn)
    with connect(dsn, SHORT, autocommit=True) as connection:
        if _opens_nothing(connection, hsm):
            raise SurroundingsError(
                f"the LMK {hsm.check_value} of {where} opens nothing of what is stored: keys and "
                "cards are sealed under another one. Next: put that one back; nothing was changed, "
                "and no key is to be made anew",
                "E-KEYS-LMK",
            )
    return hsm


def _opened(settings: HsmSettings, places: Places, dsn: str) -> tuple[Hsm, str]:
    """It, and where its LMK is."""
    if settings.module is None:
        _keep_lmk(places, dsn)
        is_told = LMK_VARIABLE in os.environ
        return Vault(load_lmk(places.lmk)), LMK_VARIABLE if is_told else str(places.lmk)
    from host.hsm.pkcs11 import Pkcs11Hsm

    hsm = Pkcs11Hsm(_token(settings, settings.module), settings.lmk)
    return hsm, f"the device {settings.device}"


def put_lmk_in_device(settings: HsmSettings, places: Places, dsn: str, *, from_file: bool) -> str:
    """Keep the LMK in the device that the settings name; gives its check value.

    That of the file, under which everything stored is, or one that the device makes itself.

    Raises:
        OperatorError, LmkError, HsmError: no device, an LMK is in it, or all stored would be lost.
    """
    if settings.module is None:
        raise SettingsError(
            "no device is set. Next: write module = PATH under [host.hsm]", "E-SETTINGS"
        )
    if not from_file and _is_sealed(dsn):
        raise SurroundingsError(
            "cards and keys in the database are sealed under the LMK there is: a new one would "
            "not open them. Next: --from-file puts that one into the device",
            "E-KEYS-LMK",
        )
    from host.hsm.pkcs11 import Pkcs11Hsm

    token = _token(settings, settings.module)
    token.put_lmk(settings.lmk, load_lmk(places.lmk) if from_file else None)
    return Pkcs11Hsm(token, settings.lmk).check_value


def _token(settings: HsmSettings, module: str) -> "Token":
    from host.hsm.pkcs11 import Token

    pin = Secret(revealed(settings.pin, "host.hsm.pin").encode())
    return Token(module, settings.device, pin)


def _is_sealed(dsn: str) -> bool:
    """Whether anything in the database is under an LMK.

    What we may not read counts as sealed where its table was ever written to.
    """
    with connect(dsn, SHORT, autocommit=True) as connection:
        return any(
            not is_readable or _has_any(connection, table, column)
            for table, column, is_readable, is_used in _sealed_columns(connection)
            if is_used
        )


def _opens_nothing(connection: Connection, hsm: Hsm) -> bool:
    """Whether keys and card numbers are stored, and of some of each none opens: it is another LMK.

    One that was altered is one terminal's trouble, and another's opens.
    """
    tried = 0
    for table, column, is_readable, is_used in _sealed_columns(connection):
        is_block = column == "block"
        if not (is_readable and is_used and (is_block or column == "pan_sealed")):
            continue
        for value in _some(connection, table, column):
            try:
                if is_block:
                    hsm.open_block(value)
                else:
                    hsm.open_pan(bytes(value))
            except UNUSABLE:
                tried += 1
            else:
                return False
    return tried > 0


def _sealed_columns(connection: Connection) -> list[tuple[str, str, bool, bool]]:
    return connection.execute(SQL["sealed_columns"]).fetchall()


def _has_any(connection: Connection, table: str, column: str) -> bool:
    statement = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} IS NOT NULL)")
    told = statement.format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(told).fetchone() == (True,)


def _some(connection: Connection, table: str, column: str) -> list[Any]:
    statement = sql.SQL("SELECT {0} FROM {1} WHERE {0} IS NOT NULL LIMIT {2}")
    told = statement.format(sql.Identifier(column), sql.Identifier(table), sql.Literal(WITNESSES))
    return [value for (value,) in connection.execute(told)]


def _keep_lmk(places: Places, dsn: str) -> None:
    """Make the local master key where nothing is sealed under one yet; a lost one is not replaced.

    Raises:
        SurroundingsError: it is lost.
    """
    if places.lmk.exists() or LMK_VARIABLE in os.environ:
        return
    if _is_sealed(dsn):
        raise SurroundingsError(
            f"the local master key {places.lmk} is missing, and cards and keys in the database are "
            f"sealed under it. Next: put the file back from your copy, or set {LMK_VARIABLE}",
            "E-KEYS-LMK",
        )
    create_lmk(places.lmk)
