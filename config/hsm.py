"""Opens the security module that the settings name: in this process, or a PKCS#11 device."""

import os

import psycopg

from config.errors import SurroundingsError
from config.places import Places
from config.settings import revealed
from host.hsm.interface import Hsm
from host.hsm.vault import LMK_VARIABLE, Vault, create_lmk, load_lmk
from host.model.secrets import Secret
from host.settings import HsmSettings


def open_hsm(settings: HsmSettings, places: Places, dsn: str) -> Hsm:
    """The security module. Without a device it keeps its LMK in a file, made at first use.

    `dsn` is of the database whose keys are under that LMK.

    Raises:
        OperatorError, LmkError, HsmError: the LMK is lost, or the device cannot be used.
    """
    if settings.module is None:
        _keep_lmk(places, dsn)
        return Vault(load_lmk(places.lmk))
    from host.hsm.pkcs11 import Pkcs11Hsm, Token

    pin = Secret(revealed(settings.pin, "host.hsm.pin").encode())
    return Pkcs11Hsm(Token(settings.module, settings.device, pin), settings.lmk)


def _keep_lmk(places: Places, dsn: str) -> None:
    """Make the local master key where nothing is sealed under one yet; a lost one is not replaced.

    Raises:
        SurroundingsError: it is lost.
    """
    if places.lmk.exists() or LMK_VARIABLE in os.environ:
        return
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM card) OR EXISTS (SELECT FROM terminal_key)"
        ).fetchone()
    if row == (True,):
        raise SurroundingsError(
            f"the local master key {places.lmk} is missing, and cards and keys in the database are "
            f"sealed under it. Next: put the file back from your copy, or set {LMK_VARIABLE}"
        )
    create_lmk(places.lmk)
