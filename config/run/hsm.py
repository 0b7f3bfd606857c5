"""Opens the security module that the settings name: in this process, or a PKCS#11 device."""

import os
from typing import TYPE_CHECKING

from config.errors import SettingsError, SurroundingsError
from config.places import Places
from config.settings import revealed
from host.hsm.interface import Hsm
from host.hsm.vault import LMK_VARIABLE, Vault, create_lmk, load_lmk
from host.model.secrets import Secret
from host.settings import HsmSettings
from host.store.connecting import SHORT, connect

if TYPE_CHECKING:  # the device's package is optional
    from host.hsm.pkcs11 import Token


def open_hsm(settings: HsmSettings, places: Places, dsn: str) -> Hsm:
    """The security module. Without a device it keeps its LMK in a file, made at first use.

    `dsn` is of the database whose keys are under that LMK.

    Raises:
        OperatorError, LmkError, HsmError: the LMK is lost, or the device cannot be used.
    """
    if settings.module is None:
        _keep_lmk(places, dsn)
        return Vault(load_lmk(places.lmk))
    from host.hsm.pkcs11 import Pkcs11Hsm

    return Pkcs11Hsm(_token(settings, settings.module), settings.lmk)


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
    """Whether anything in the database is under an LMK."""
    with connect(dsn, SHORT) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM card) OR EXISTS (SELECT FROM terminal_key)"
        ).fetchone()
    return row == (True,)


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
