"""Ways in which bytes go wrong: on the line, in a broken terminal, in the hands of an enemy."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

RUNS = (b"\x00", b"\xff", b"\x99", b"0", b"9", b"A", b" ", b'"', b"[", b"\xa1")
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 10**40, 0.5, 1e308, float("inf"), float("nan")),
    *("", "0", "\x00", "\ud800", "\u202e", "ÿ" * 300, "9" * 5000, "P:", "CNY\n"),
    *([], {}, [[[[[[]]]]]], {"a": {"b": {}}}, [1] * 500),
)
NOT_WRITTEN = frozenset({"64", "128", "p"})
"""Fields that a dialect puts in by itself."""
Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def flip_bits(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """One bit, or a few."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        place = dice.randrange(len(changed) * 8)
        changed[place >> 3] ^= 1 << (place & 7)
    return bytes(changed)


def cut(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """The end is missing."""
    return data[: dice.randrange(len(data))]


def lengthen(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """Something behind the end."""
    return data + dice.randbytes(dice.choice((1, 2, 8, 200)))


def overwrite(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """A run of one byte, or of noise."""
    at, size = dice.randrange(len(data)), dice.choice((1, 1, 2, 3, 8, 40))
    run = dice.choice((*RUNS, None))
    new = dice.randbytes(size) if run is None else run * size
    return (data[:at] + new + data[at + size :])[: len(data)]


def leave_out(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """A piece is missing in the middle."""
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice((1, 2, 8, 30)) :]


def say_twice(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """A piece comes twice."""
    at, size = dice.randrange(len(data)), dice.choice((1, 2, 8, 60))
    return data[: at + size] + data[at:]


def splice(dice: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The head of one message and the tail of another."""
    other = dice.choice(others)
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


def set_bit_of_bitmap(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """Near the front a bit more or less: where there is a bitmap, another field."""
    place = dice.randrange(8 * min(len(data), 40))
    changed = bytearray(data)
    changed[place >> 3] ^= 1 << (place & 7)
    return bytes(changed)


def odd_value(dice: random.Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """Where there is JSON, a value nobody meant; what stands before and behind it stays."""
    first, last = data.find(b"{"), data.rfind(b"}")
    try:
        value = json.loads(data[first : last + 1])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not value:
        return overwrite(dice, data, ())
    inner = value
    while True:
        name = dice.choice(sorted(inner))
        if not isinstance(inner[name], dict) or not inner[name] or dice.random() < 0.3:
            break
        inner = inner[name]
    how = dice.random()
    if how < 0.1:
        del inner[name]
    elif how < 0.2:
        inner[dice.choice(("unit", "pin", "extra", "goods"))] = dice.choice(ODD_VALUES)
    elif how < 0.6:
        inner[name] = _other_value(dice, inner[name])
    else:
        inner[name] = dice.choice(ODD_VALUES)
    text = json.dumps(value, ensure_ascii=dice.random() < 0.5)
    return data[:first] + text.encode("utf-8", "surrogatepass") + data[last + 1 :]


MUTATIONS: tuple[Mutation, ...] = (
    *(flip_bits, flip_bits, flip_bits, cut, lengthen, overwrite, overwrite, leave_out, say_twice),
    *(splice, set_bit_of_bitmap, odd_value),
)


def mutated(dice: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """One thing gone wrong, or two."""
    for _ in range(dice.choice((1, 1, 2))):
        if data:
            data = dice.choice(MUTATIONS)(dice, data, others)
    return data


def _other_value(dice: random.Random, value: Any) -> Any:
    """One of the same kind."""
    if isinstance(value, str):
        return _other_digits(dice, value)
    return dice.choice((0, 1, 7, 999_999, 10**12)) if isinstance(value, int) else value


def reworded(
    dice: random.Random, fields: Mapping[str, str], others: Mapping[str, str]
) -> dict[str, str]:
    """A message whose fields say something else, each still in a form of its kind."""
    changed = {name: text for name, text in fields.items() if name not in NOT_WRITTEN}
    for _ in range(dice.choice((1, 1, 2, 3))):
        name = dice.choice(sorted(changed.keys() - {"t"}))
        how = dice.random()
        if how < 0.1 and name != "41":  # without a terminal there is nobody to answer
            del changed[name]
        elif how < 0.2:
            name = dice.choice(sorted(others.keys() - NOT_WRITTEN - {"t"}))
            changed[name] = others[name]
        elif how < 0.8:
            changed[name] = _other_digits(dice, changed[name])
        else:
            changed[name] = _other_text(dice, changed[name])
    return dict(sorted(changed.items(), key=lambda item: (item[0] != "t", item[0].zfill(3))))


def _other_digits(dice: random.Random, text: str) -> str:
    """As long, and where there was a digit another."""
    share = dice.choice((0.1, 0.5, 1.0))
    return "".join(
        dice.choice("0123456789") if each.isdigit() and dice.random() < share else each
        for each in text
    )


def _other_text(dice: random.Random, text: str) -> str:
    """Shorter, longer, or of something else."""
    return dice.choice(
        (
            *(text[: len(text) // 2], text + text, text[::-1], ""),
            *(letter * len(text) for letter in "09AaFf \x7fD="),
            dice.randbytes(len(text) // 2 + 1).hex().upper()[: len(text)],
            "余额不足"[: len(text)],
        )
    )
