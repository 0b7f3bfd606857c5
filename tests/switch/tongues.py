"""Every way a terminal may speak, each with valid messages of its own and a desk to say them to.

A `Tongue` is a dialect under one MAC algorithm. Its corpus is what honest terminals send; `reseal`
puts the right code on a message that was changed, as a terminal gone mad would.
"""

import base64
import contextlib
import functools
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from host.hsm.ksn import KsnError
from host.hsm.mac import AesCmac, Mac, UnionPayEcbMac, mac_for
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm, MacKey, TerminalProfile
from terminals.codec import EncodeError
from terminals.dialect import Dialect
from terminals.dialects.mis import HEADER_BYTES, MisDialect, compose
from terminals.dialects.pos import POS
from terminals.dialects.softpos import body_of, sealed
from terminals.dukpt_session import Direction, DukptMac
from terminals.isodialect import IsoDialect
from terminals.json_values import read_object
from terminals.sealing import TAG_BYTES, seal
from tests.switch.conftest import HEADER, MERCHANT, TERMINAL, TPDU
from tests.switch.mutations import NOT_WRITTEN, odd_value, reworded
from tests.terminals.dialects import test_mis as mis
from tests.terminals.dialects import test_softpos as softpos
from tests.terminals.dialects.test_ascii87 import DIALECTS as ASCII87
from tests.terminals.frames import ASCII_FIELDS, FRAMES, fields_of

KEYS = {
    MacAlgorithm.UNIONPAY_ECB: Secret.from_hex("2568ADE013579BDF"),
    MacAlgorithm.UNIONPAY_ECB_TDES: Secret.from_hex("1C3B5E7092B5D6F80B2C4F6185A7C8EA"),
    MacAlgorithm.X9_9: Secret.from_hex("2568ADE013579BDF"),
    MacAlgorithm.TDES_CBC: Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"),
    MacAlgorithm.X9_19: Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"),
    MacAlgorithm.AES_CMAC: Secret.from_hex("2B7E151628AED2A6ABF7158809CF4F3C"),
    MacAlgorithm.AES_DUKPT: softpos.INITIAL,
}
UNSPEAKABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, KsnError)
"""What cannot be sealed stays as it is."""
ASKING = frozenset("02468")
"""Third digit of a message type that asks."""


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """A dialect under one algorithm."""

    name: str
    make: Callable[[], Dialect]
    """A fresh one: some dialects remember."""
    algorithm: MacAlgorithm
    corpus: tuple[bytes, ...]
    """Valid payloads, sealed where they must be."""
    seal: Callable[[bytes, Mac], bytes]
    """The payload with the code of a key in place of its own, where it can have one."""
    tag_of: Callable[[bytes], bytes]
    """The code of a sealed payload."""
    with_tag: Callable[[bytes, bytes], bytes]
    """The payload with another code."""
    reword: Callable[[random.Random], bytes]
    """A well-formed message with a right code that says things nobody would."""
    mac_sees: Callable[[bytes], object] = bytes
    """Two payloads of which the algorithm sees the same have the same code."""

    def reseal(self, payload: bytes) -> bytes:
        """The payload with a right code, where it can have one."""
        return self.seal(payload, device_mac(self.algorithm))

    @property
    def profile(self) -> TerminalProfile:
        """Who says it."""
        return TerminalProfile(
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
            epoch="000012",
            mac_algorithm=self.algorithm,
            mac_keys=(MacKey(1, KEYS[self.algorithm]),),
        )


def _iso(name: str, dialect: IsoDialect, algorithm: MacAlgorithm, all_fields: list[Any]) -> Tongue:
    mac = mac_for(algorithm, KEYS[algorithm])
    tpdu, header = TPDU[: dialect.tpdu_bytes], HEADER[: dialect.header_bytes]
    start = len(tpdu + header)
    corpus = []
    for fields in all_fields:
        plain = {number: text for number, text in fields.items() if number not in NOT_WRITTEN}
        must = plain["t"][:2] in dialect.sealed_classes
        corpus.append(dialect.compose(tpdu, header, plain, mac if must else None))

    size = dialect.codec.tag_bytes
    is_written = size != TAG_BYTES

    def tag_of(payload: bytes) -> bytes:
        return bytes.fromhex(payload[-size:].decode()) if is_written else payload[-size:]

    def with_tag(payload: bytes, tag: bytes) -> bytes:
        return payload[:-size] + (tag.hex().upper().encode() if is_written else tag)

    def reword(dice: random.Random) -> bytes:
        while True:
            fields = reworded(dice, dice.choice(all_fields), dice.choice(all_fields))
            with contextlib.suppress(EncodeError):
                return dialect.compose(tpdu, header, fields, mac)

    def folded(payload: bytes) -> object:
        """The blocks of an `up-ecb` code, whose order it does not know, and the code."""
        end = len(payload) - size
        blocks = (payload[at : min(at + 8, end)].ljust(8, b"\0") for at in range(start, end, 8))
        return functools.reduce(int.__xor__, map(int.from_bytes, blocks), 0), payload[end:]

    is_order_blind = isinstance(mac, UnionPayEcbMac)
    return Tongue(
        name=f"{name} {algorithm}",
        make=lambda: dialect,
        algorithm=algorithm,
        corpus=tuple(corpus),
        seal=lambda payload, key: payload[:start] + seal(payload[start:], key, size),
        tag_of=tag_of,
        with_tag=with_tag,
        reword=reword,
        mac_sees=folded if is_order_blind else lambda payload: payload[start:],
    )


def _pos(algorithm: MacAlgorithm) -> Tongue:
    asked = [fields_of(name) for name in FRAMES if fields_of(name)["t"][2] in ASKING]
    ours = [fields for fields in asked if fields["41"] == TERMINAL]
    return _iso("pos", POS, algorithm, ours)


def _ascii87(name: str, algorithm: MacAlgorithm) -> Tongue:
    asked = [fields for fields in ASCII_FIELDS.values() if fields["t"][2] in ASKING]
    return _iso(name, ASCII87[name], algorithm, asked)


def _mis(name: str, algorithm: MacAlgorithm) -> Tongue:
    dialect, mac = mis.named(name), mac_for(algorithm, KEYS[algorithm])
    size = 16 if isinstance(mac, AesCmac) else 8
    corpus = tuple(mis.frame(dialect, code, values, mac) for code, values in mis.ASKED.items())

    def sealed_by(payload: bytes, key: Mac) -> bytes:
        return compose(payload[:HEADER_BYTES], payload[HEADER_BYTES:-size], key)

    def reword(dice: random.Random) -> bytes:
        return sealed_by(odd_value(dice, dice.choice(corpus), corpus), mac)

    return Tongue(
        name=f"{name} {algorithm}",
        make=functools.partial(MisDialect, dialect.form),
        algorithm=algorithm,
        corpus=corpus,
        seal=sealed_by,
        tag_of=lambda payload: payload[-size:],
        with_tag=lambda payload, tag: payload[:-size] + tag,
        reword=reword,
    )


def _softpos() -> Tongue:
    ops = [op for op in softpos.ASKED for _ in range(3)]
    frames = [softpos.frame(softpos.values(op, number)) for number, op in enumerate(ops, 1)]

    def sealed_by(payload: bytes, key: Mac) -> bytes:
        try:
            value = json.loads(payload)
            return sealed(value, bytes.fromhex(value["ksn"]), key)
        except UNSPEAKABLE:
            return payload

    def with_tag(payload: bytes, tag: bytes) -> bytes:
        try:
            value = json.loads(payload) | {"mac": base64.b64encode(tag).decode()}
        except UNSPEAKABLE:
            return payload
        return json.dumps(value).encode()

    counters = filter(is_counter, itertools.count(1_000))

    def reword(dice: random.Random) -> bytes:
        """Under a KSN of its own: a phone's would be refused the second time."""
        value = softpos.values(dice.choice(ops), next(counters))
        return sealed_by(odd_value(dice, json.dumps(value).encode(), ()), softpos.DEVICE)

    return Tongue(
        name="softpos",
        make=softpos.dialect,
        algorithm=MacAlgorithm.AES_DUKPT,
        corpus=tuple(frames),
        seal=sealed_by,
        tag_of=lambda payload: base64.b64decode(json.loads(payload)["mac"]),
        with_tag=with_tag,
        reword=reword,
        mac_sees=lambda payload: body_of(read_object(payload)),
    )


def is_counter(number: int) -> bool:
    """Whether a device counts so: X9.24-3 leaves out counters of more than 16 one bits."""
    return number.bit_count() <= 16


SESSION_MACS = [each for each in MacAlgorithm if each not in DUKPT]
TONGUES: tuple[Tongue, ...] = (
    *(_pos(algorithm) for algorithm in SESSION_MACS),
    *(_ascii87(name, algorithm) for name in ASCII87 for algorithm in SESSION_MACS),
    *(
        _mis(name, algorithm)
        for name in mis.NAMES
        for algorithm in (MacAlgorithm.X9_19, MacAlgorithm.AES_CMAC)
    ),
    _softpos(),
)


def device_mac(algorithm: MacAlgorithm, key: Secret | None = None) -> Mac:
    """What a terminal seals with: its own key, or another."""
    key = key or KEYS[algorithm]
    if algorithm is MacAlgorithm.AES_DUKPT:
        return DukptMac(key, Direction.DEVICE)
    return mac_for(algorithm, key)
