"""The JSON form of a till's payload: `Asked` and `Told` spelled as they are, strictly.

An unknown field, a number where text belongs or a text of another shape is a format error.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from terminals.codec import DecodeError, EncodeError
from terminals.dialects.mis import MisDialect
from terminals.dialects.mis_words import Asked, Head, Told
from terminals.json_values import canonical, converted, position_in, read_object


class JsonForm:
    """A `terminals.dialects.mis.PayloadForm`."""

    __slots__ = ()

    def read_request(self, _head: Head, payload: bytes) -> Asked:
        """As the protocol says."""
        value = read_object(payload)
        try:
            return converted(value, Asked)
        except DecodeError as error:
            error.position = position_in(payload, error.field)
            raise

    def read_key(self, payload: bytes) -> dict[str, object]:
        """As the protocol says."""
        return read_object(payload)

    def write_request(self, _head: Head, values: Mapping[str, object]) -> bytes:
        """As the protocol says."""
        try:
            return canonical({name: value for name, value in values.items() if value is not None})
        except ValueError as error:
            raise EncodeError("json", str(error)) from None

    def read_answer(self, _head: Head, payload: bytes) -> dict[str, object]:
        """As the protocol says."""
        return read_object(payload)

    def write_answer(self, _head: Head, told: Told, _asked: Asked | None) -> bytes:
        """As the protocol says."""
        return msgspec.json.encode(told)


MIS_JSON: Final = MisDialect(JsonForm())
