"""A hundred thousand forged codes: none is accepted, whatever they know who made them.

Every dialect under every algorithm hears its own valid messages with codes that are not theirs,
each from another address, so that no lock-out helps. What is forged is one row of `FORGERIES`.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import hmac
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from trio.testing import MockClock

from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacKey, TerminalProfile
from terminals.codec import DecodeError
from terminals.dialect import Dialect
from terminals.dukpt_session import session_mac
from tests.switch.bed import APPROVED, Bed, share
from tests.switch.bugs import Bugs
from tests.switch.tongues import KEYS, TONGUES, Tongue, device_mac

Forge = Callable[[random.Random, Tongue, bytes, bytes], bytes]
"""From a sealed message, and another of the same terminal, to one with a code not its own."""


def _noise(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    return tongue.with_tag(message, dice.randbytes(len(tongue.tag_of(message))))


def _one_bit(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    tag = tongue.tag_of(message)
    flipped = int.from_bytes(tag) ^ 1 << dice.randrange(len(tag) * 8)
    return tongue.with_tag(message, flipped.to_bytes(len(tag)))


def _half_right(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    tag = tongue.tag_of(message)
    half = len(tag) // 2
    noise = dice.randbytes(half)
    return tongue.with_tag(message, dice.choice((tag[:half] + noise, noise + tag[half:])))


def _all_the_same(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    size = len(tongue.tag_of(message))
    return tongue.with_tag(message, bytes([dice.randrange(256)]) * size)


def _anothers_key(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    size = len(KEYS[tongue.algorithm])
    return tongue.seal(message, device_mac(tongue.algorithm, Secret(dice.randbytes(size))))


def _nearly_the_key(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    """One bit beside; not the parity bit of a DES byte, which is no part of the key."""
    key = bytearray(KEYS[tongue.algorithm].reveal())
    key[dice.randrange(len(key))] ^= 1 << dice.randint(1, 7)
    return tongue.seal(message, device_mac(tongue.algorithm, Secret(bytes(key))))


def _stale_key(_dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    return tongue.seal(message, device_mac(tongue.algorithm, STALE[tongue.algorithm]))


def _anothers_code(_dice: random.Random, tongue: Tongue, message: bytes, other: bytes) -> bytes:
    return tongue.with_tag(message, tongue.tag_of(other))


def _other_content(dice: random.Random, tongue: Tongue, message: bytes, _other: bytes) -> bytes:
    """A digit of what is covered is another, and the code is what it was."""
    tag = tongue.tag_of(message)
    digits = [at for at in range(len(message)) if chr(message[at]).isdigit()]
    at = dice.choice(digits)
    new = dice.choice([each for each in b"0123456789" if each != message[at]])
    changed = message[:at] + bytes([new]) + message[at + 1 :]
    return tongue.with_tag(changed, tag)


FORGERIES: dict[str, Forge] = {
    "noise": _noise,
    "one bit beside": _one_bit,
    "half of it right": _half_right,
    "one byte again and again": _all_the_same,
    "under the key of another": _anothers_key,
    "under a key that is nearly right": _nearly_the_key,
    "under a key that is over": _stale_key,
    "the code of another message": _anothers_code,
    "other content under its code": _other_content,
}
STALE = {
    algorithm: Secret(bytes(byte ^ 0x5A for byte in key.reveal()))
    for algorithm, key in KEYS.items()
}
"""What each terminal sealed with before its last sign-on."""


def sealed_of(tongue: Tongue) -> list[bytes]:
    """The messages of a tongue that must carry a code."""
    dialect = tongue.make()
    return [one for one in tongue.corpus if dialect.must_be_sealed(dialect.read(one))]


@pytest.mark.counted
async def test_no_forged_code_is_accepted(
    mock_clock: MockClock, counts: SimpleNamespace, bugs: Bugs
) -> None:
    for place, tongue in enumerate(TONGUES):
        messages = sealed_of(tongue)
        bed, dialect = Bed(tongue, bugs), tongue.make()
        mac = session_mac(tongue.algorithm, KEYS[tongue.algorithm])
        dice = random.Random(f"{counts.seed} {tongue.name}")
        for _ in range(share(counts.forgeries, len(TONGUES), place)):
            message, other = dice.choice(messages), dice.choice(messages)
            what = dice.choice(sorted(FORGERIES))
            forged = FORGERIES[what](dice, tongue, message, other)
            if not is_forged(tongue, dialect, forged, message):
                continue
            assert not is_right(dialect, forged, mac), f"{tongue.name}, {what}: {forged.hex()}"
            asked = bed.say(forged, APPROVED)
            assert asked is None, f"{tongue.name}, {what}: {forged.hex()}"


def is_forged(tongue: Tongue, dialect: Dialect, forged: bytes, message: bytes) -> bool:
    """Whether another code stands there, or the algorithm sees another content."""
    try:
        must = dialect.must_be_sealed(dialect.read(forged))
    except DecodeError:
        return True
    has_its_tag = tongue.tag_of(forged) == tongue.tag_of(message)
    return must and not (has_its_tag and tongue.mac_sees(forged) == tongue.mac_sees(message))


def is_right(dialect: Dialect, payload: bytes, mac: Any) -> bool:
    try:
        return dialect.mac_is_right(dialect.read(payload), mac)
    except DecodeError:
        return False


@pytest.mark.parametrize("tongue", TONGUES, ids=[tongue.name for tongue in TONGUES])
async def test_a_session_key_is_over_with_the_first_message_under_the_next(
    mock_clock: MockClock, tongue: Tongue, bugs: Bugs
) -> None:
    if tongue.algorithm in DUKPT:
        pytest.skip("DUKPT has another key for every message instead")
    bed = Bed(tongue, bugs)
    [key] = tongue.profile.mac_keys
    older = MacKey(key.generation, STALE[tongue.algorithm])
    newer = MacKey(key.generation + 1, key.key)
    bed.ends.profile = with_keys(tongue.profile, (newer, older))
    message = sealed_of(tongue)[0]
    stale = tongue.seal(message, device_mac(tongue.algorithm, older.key))
    assert bed.say(stale, APPROVED) is not None  # the answer with the new keys may be lost
    assert bed.say(message, APPROVED) is not None
    assert bed.say(stale, APPROVED) is None


def with_keys(profile: TerminalProfile, keys: tuple[MacKey, ...]) -> TerminalProfile:
    return TerminalProfile(
        terminal_id=profile.terminal_id,
        merchant_id=profile.merchant_id,
        epoch=profile.epoch,
        mac_algorithm=profile.mac_algorithm,
        mac_keys=keys,
    )


@pytest.mark.parametrize("tongue", TONGUES, ids=[tongue.name for tongue in TONGUES])
def test_a_code_is_compared_whole_and_in_constant_time(
    tongue: Tongue, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def note(ours: bytes, theirs: bytes) -> bool:
        compared.append((len(ours), len(theirs)))
        return compare(ours, theirs)

    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", note)
    dialect, message = tongue.make(), sealed_of(tongue)[0]
    mac = session_mac(tongue.algorithm, KEYS[tongue.algorithm])
    tag = tongue.tag_of(message)
    for at in range(len(tag)):
        wrong = tag[:at] + bytes([tag[at] ^ 1]) + tag[at + 1 :]
        assert not dialect.mac_is_right(dialect.read(tongue.with_tag(message, wrong)), mac)
    assert compared == [(len(tag), len(tag))] * len(tag)
