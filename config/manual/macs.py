"""How each message code is made, and what it is for one message under a public key."""

from collections.abc import Callable, Mapping
from typing import Final

from config.manual.page import Blocks, hexadecimal, listing, table
from config.manual.samples import PURCHASE, covered
from host.hsm import dukpt_aes, dukpt_tdes
from host.hsm.ciphers import des_encryptor, xor
from host.hsm.dukpt_aes import Usage
from host.hsm.mac import MACS, AesCmac, X919Mac, mac_for
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm

STEPS: Final[Mapping[MacAlgorithm, str]] = {
    MacAlgorithm.UNIONPAY_ECB: """\
Fill with zeros to whole blocks of 8 bytes. XOR all blocks into one. Write that block as 16
hexadecimal characters (upper case, ASCII). Encrypt the first 8 characters with DES, XOR the result
with the other 8, encrypt again. Write the result as hexadecimal characters: the first 8 of them
are F64.""",
    MacAlgorithm.UNIONPAY_ECB_TDES: """\
As `up-ecb`, with two-key TDES in place of DES.""",
    MacAlgorithm.X9_9: """\
Fill with zeros to whole blocks of 8 bytes. DES in CBC from an IV of zeros; F64 is the last block
(ISO/IEC 9797-1 algorithm 1, padding 1).""",
    MacAlgorithm.X9_19: """\
As `x9.9` under the left half of the key. Then decrypt the last block with DES under the right
half and encrypt it again under the left half (ISO/IEC 9797-1 algorithm 3, padding 1).""",
    MacAlgorithm.TDES_CBC: """\
As `x9.9` with two-key TDES for every block (ISO 16609).""",
    MacAlgorithm.AES_CMAC: """\
AES-CMAC (RFC 4493, NIST SP 800-38B), which fills by itself. F64 is the left 8 of 16 bytes; a till
of a merchant system sends all 16.""",
    MacAlgorithm.AES_DUKPT: """\
AES-CMAC, left 8 bytes, under a key that X9.24-3 derives from the initial key for the message's
KSN of 12 bytes: the key for *MAC generation* (usage 2000) seals the request, the one for *MAC
verification* (2001) the answer. Working keys are AES-128.""",
    MacAlgorithm.TDES_DUKPT: """\
As `x9.19` under a key that X9.24-1 derives for the message's KSN of 10 bytes: the transaction key
XOR `000000000000FF00` in both halves seals the request, XOR `00000000FF000000` the answer.""",
}
_KEYS: Final[Mapping[int, str]] = {
    8: "2568ADE013579BDF",
    16: "0123456789ABCDEFFEDCBA9876543210",
}
_SHORT: Final = frozenset({MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.X9_9})
_BDK: Final = Secret.from_hex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
_AES_KSN: Final = bytes.fromhex("123456789012345600000001")
_TDES_KSN: Final = bytes.fromhex("FFFF9876543210E00001")


def _row(algorithm: MacAlgorithm, data: bytes) -> tuple[str, str, str]:
    if algorithm in DUKPT:
        ksn, seal = _DUKPT[algorithm]
        told = f"BDK `{_hex(_BDK)}`, KSN `{ksn.hex().upper()}`"
        return f"`{algorithm.value}`", told, f"`{seal(data).hex().upper()}`"
    key = Secret.from_hex(_KEYS[8 if algorithm in _SHORT else 16])
    code = mac_for(algorithm, key).compute(data)
    return f"`{algorithm.value}`", f"`{_hex(key)}`", f"`{code.hex().upper()}`"


def _folded(data: bytes) -> list[tuple[str, str]]:
    """`up-ecb` by hand."""
    block = bytes(8)
    for at in range(0, len(data), 8):
        block = xor(block, data[at : at + 8].ljust(8, b"\0"))
    text = block.hex().upper().encode()
    encrypt = des_encryptor(Secret.from_hex(_KEYS[8]))
    first = encrypt(text[:8])
    mixed = xor(first, text[8:])
    second = encrypt(mixed)
    tag = second.hex().upper().encode()[:8]
    assert tag == MACS[MacAlgorithm.UNIONPAY_ECB](Secret.from_hex(_KEYS[8])).compute(data)
    steps = {
        "all blocks XORed": block,
        "as hexadecimal characters": text,
        "the first 8 encrypted": first,
        "XOR the other 8": mixed,
        "encrypted again": second,
        "its first 8 hexadecimal characters, F64": tag,
    }
    return [(step, f"`{value.hex().upper()}`") for step, value in steps.items()]


def _derived() -> list[tuple[str, str, str]]:
    aes = dukpt_aes.initial_key(_BDK, _AES_KSN[:8])
    tdes = dukpt_tdes.session_keys(_BDK, _TDES_KSN)
    rows = [
        ("aes-dukpt", "initial key", aes),
        ("aes-dukpt", "key of requests", _aes_key(Usage.MAC_GENERATE)),
        ("aes-dukpt", "key of answers", _aes_key(Usage.MAC_VERIFY)),
        ("tdes-dukpt", "initial key", dukpt_tdes.initial_key(_BDK, _TDES_KSN)),
        ("tdes-dukpt", "key of requests", tdes.mac_request),
        ("tdes-dukpt", "key of answers", tdes.mac_response),
    ]
    return [(f"`{name}`", what, f"`{_hex(key)}`") for name, what, key in rows]


def _aes_key(usage: Usage) -> Secret:
    return dukpt_aes.device_key(dukpt_aes.initial_key(_BDK, _AES_KSN[:8]), _AES_KSN, usage)


def _seal_aes(data: bytes) -> bytes:
    return AesCmac(_aes_key(Usage.MAC_GENERATE)).compute(data)


def _seal_tdes(data: bytes) -> bytes:
    return X919Mac(dukpt_tdes.session_keys(_BDK, _TDES_KSN).mac_request).compute(data)


_DUKPT: Final[Mapping[MacAlgorithm, tuple[bytes, Callable[[bytes], bytes]]]] = {
    MacAlgorithm.AES_DUKPT: (_AES_KSN, _seal_aes),
    MacAlgorithm.TDES_DUKPT: (_TDES_KSN, _seal_tdes),
}


def _line(text: str) -> str:
    return " ".join(text.split())


def _hex(key: Secret) -> str:
    """All keys of this page are public."""
    return key.reveal().hex().upper()


BLOCKS: Final[Blocks] = {
    "macs.steps": lambda: table(
        ("`mac_algorithm`", "F64"), ((f"`{one.value}`", _line(STEPS[one])) for one in MacAlgorithm)
    ),
    "macs.covered": lambda: listing(hexadecimal(covered(PURCHASE))),
    "macs.codes": lambda: table(
        ("`mac_algorithm`", "key", "F64"), (_row(one, covered(PURCHASE)) for one in MacAlgorithm)
    ),
    "macs.folded": lambda: table(("step", "bytes"), _folded(covered(PURCHASE))),
    "macs.derived": lambda: table(("`mac_algorithm`", "what", "value"), _derived()),
}
