"""How a voucher's code is kept: hashed to be found by, sealed to be printed.

What a code is, is `host.model.voucher_codes`; new ones are drawn by `host.stock.voucher_codes`.
"""

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.model.voucher_codes import VoucherCode
from host.model.vouchers import VOUCHER_USE


def hash_of_code(hsm: Hsm, code: VoucherCode) -> bytes:
    """What a voucher is found by."""
    return hsm.hash_secret(Secret(code.reveal().encode()), VOUCHER_USE)


def seal_code(hsm: Hsm, code: VoucherCode, card: int) -> bytes:
    """It encrypted, for this voucher alone."""
    return hsm.seal_secret(Secret(code.reveal().encode()), place_of_code(card))


def open_code(hsm: Hsm, sealed: bytes, card: int) -> VoucherCode:
    """What `seal_code` sealed.

    Raises:
        VaultError: sealed under another LMK or for another voucher, or altered.
    """
    return VoucherCode(hsm.open_secret(sealed, place_of_code(card)).reveal().decode("ascii"))


def place_of_code(card: int) -> str:
    """Where a voucher's code stands, and nowhere else opens."""
    return f"voucher-code/{card}"
