"""Values that must never be seen by accident: card numbers, keys, PIN blocks, tracks.

A dataclass with a masked repr still leaks through json, pickle, asdict and vars. These are
plain slotted classes: there is no `__dict__` to walk, `repr` and `str` are masked, pickling
raises, and every encoder that does not know the type refuses it. `.reveal()` is the one way
out, so a search for it finds every place where a secret leaves its type.
"""

import hmac
from typing import Final, NoReturn, Self

PAN_DIGITS_MIN: Final = 12
PAN_DIGITS_MAX: Final = 19
CODE_PREFIX: Final = "29"
"""How payment codes begin, and no card number of the house."""
CODE_DIGITS: Final = 18


class Secret:
    """Bytes that are a key, a PIN block, a track, or a password."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Take the hexadecimal form used in key ceremonies and settings."""
        return cls(bytes.fromhex(text))

    def reveal(self) -> bytes:
        """The bytes themselves: the only way out."""
        return self._value

    def __repr__(self) -> str:
        return f"<Secret of {len(self._value)} bytes>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is never pickled or copied"
        raise TypeError(msg)


class Pan:
    """A primary account number: 12 to 19 digits. People see the first six and the last four.

    Or, in its place, the one-time code that a member shows to pay: of that people see nothing.

    Raises:
        ValueError: not 12 to 19 decimal digits; the message never quotes them.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        if not (
            PAN_DIGITS_MIN <= len(digits) <= PAN_DIGITS_MAX
            and digits.isascii()
            and digits.isdigit()
        ):
            msg = f"a PAN is {PAN_DIGITS_MIN} to {PAN_DIGITS_MAX} decimal digits"
            raise ValueError(msg)
        self._digits = digits

    def reveal(self) -> str:
        """The digits themselves: the only way out."""
        return self._digits

    @property
    def masked(self) -> str:
        """First six, stars, last four: what a person may see."""
        if self.is_code:
            return CODE_PREFIX + "*" * (CODE_DIGITS - len(CODE_PREFIX))
        hidden = "*" * (len(self._digits) - 10)
        return f"{self._digits[:6]}{hidden}{self._digits[-4:]}"

    @property
    def is_code(self) -> bool:
        """Whether it is no card's, but a payment code (`host.model.pay_codes`)."""
        return self._digits.startswith(CODE_PREFIX) and len(self._digits) == CODE_DIGITS

    @property
    def passes_luhn(self) -> bool:
        """Whether the check digit (ISO/IEC 7812-1 annex B) is right."""
        return self._digits[-1] == luhn_digit(self._digits[:-1])

    def __repr__(self) -> str:
        return f"<Pan {self.masked}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pan) and hmac.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        return hash((Pan, self._digits))

    def __reduce__(self) -> NoReturn:
        msg = "a Pan is never pickled or copied"
        raise TypeError(msg)


_VALUES: Final = bytes(byte - 48 if 48 <= byte <= 57 else 0 for byte in range(256))
_DOUBLED: Final = bytes(
    sum(divmod(2 * (byte - 48), 10)) if 48 <= byte <= 57 else 0 for byte in range(256)
)
"""By a digit's character: its value, and the digits of its double added up."""


def luhn_digit(payload: str) -> str:
    """The check digit that completes `payload` (ISO/IEC 7812-1 annex B)."""
    digits = payload.encode("ascii")
    total = sum(digits[::-2].translate(_DOUBLED)) + sum(digits[-2::-2].translate(_VALUES))
    return str(-total % 10)
