"""Writes the source of an encode function: runs of hexadecimal text and of characters, in turns."""

import dataclasses
from collections.abc import Container, Iterable

from terminals.fast_forms import (
    LENGTHS,
    PACKED,
    PRIMARY_MAX,
    SECOND,
    Head,
    bitmap_of,
    character_checks,
    counts_nibbles,
    is_fixed,
    joined,
)
from terminals.formats import FIELD_NUMBER_MAX, FieldSpec


@dataclasses.dataclass(slots=True)
class EncodeWriter:
    """Writes an encode function: runs of hexadecimal text and of Latin-1 characters, in turns."""

    head_form: Head
    sound: Container[str] = ()
    code: list[str] = dataclasses.field(default_factory=list)
    digits: list[str] = dataclasses.field(default_factory=list)
    characters: list[str] = dataclasses.field(default_factory=list)
    hexadecimals: list[str] = dataclasses.field(default_factory=list)
    runs: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)

    def values(self, names: Iterable[str]) -> None:
        """Write what takes the values apart: all at once costs less than to look up each."""
        self.code.append("".join(f"{_variable_of(name)}, " for name in names) + "= v")

    def head(self, numbers: list[int]) -> None:
        """Write what writes the message type and the bitmaps that announce these fields."""
        if "t" not in self.sound:
            self.code.append("if len(t) != 4: return None")
            self.digits.append("t")
        self._put("hex" if self.head_form.is_packed else "characters", "t")
        if numbers and numbers[-1] > PRIMARY_MAX:
            bitmap = f"{bitmap_of([SECOND, *numbers], FIELD_NUMBER_MAX):032X}"
        else:
            bitmap = f"{bitmap_of(numbers):016X}"
        self._put("hex" if self.head_form.bitmap_bytes == 8 else "characters", f'"{bitmap}"')

    def field(self, name: str, field: FieldSpec) -> None:
        """Write what writes one field."""
        value = _variable_of(name)
        if name in self.sound and is_fixed(field):
            self._put_fixed(value, field)
            return
        if field["data_enc"] == "b":
            self._hex(value, field)
        else:
            self._characters(value, field)
        if field.get("digits"):
            self.digits.append(value)
        if field.get("hexadecimal"):
            self.hexadecimals.append(value)

    def lines(self) -> list[str]:
        """The whole body of the function."""
        code = [*self.code]
        if self.digits:
            code.append(f"d = {joined(self.digits)}")
            code.append("if not (d.isascii() and d.isdigit()): return None")
        code += character_checks(self.characters)
        if self.hexadecimals:
            code.append(f"unhex({joined(self.hexadecimals)})")
        parts = [self._run(unit, values) for unit, values in self.runs]
        code.append(f"return {' + '.join(parts)}")
        return code

    def _hex(self, value: str, field: FieldSpec) -> None:
        per_unit = 1 if counts_nibbles(field) else 2
        if not field["len_type"]:
            self.code.append(f"if len({value}) != {field['max_len'] * per_unit}: return None")
            self._put_fixed(value, field)
            return
        self.code.append(f"n{value} = len({value})")
        if per_unit == 1:
            pad = f'("{field["right_pad"]}" if n{value} & 1 else "")'
            self._length(value, field)
            self._put("hex", value, pad)
        else:
            self.code.append(f"if n{value} & 1: return None")
            self.code.append(f"n{value} >>= 1")
            self._length(value, field)
            self._put("hex", value)

    def _characters(self, value: str, field: FieldSpec) -> None:
        if field["data_enc"] == "ascii":
            self.characters.append(value)
            self._ascii(value, field)
            return
        encoded = f'{value}.encode("{field["data_enc"]}").decode("latin-1")'
        self.code.append(f"if not {value}.isascii(): {value} = {encoded}")
        self.code.append(f"n{value} = len({value})")
        if field["len_type"]:
            self._length(value, field)
        else:
            self.code.append(f"if n{value} != {field['max_len']}: return None")
        self._put("characters", value)

    def _ascii(self, value: str, field: FieldSpec) -> None:
        """A character is a byte: all together are looked at once (`character_checks`)."""
        if field["len_type"]:
            self.code.append(f"n{value} = len({value})")
            if field.get("hexadecimal"):
                self.code.append(f"if n{value} & 1: return None")
            self._length(value, field)
        else:
            self.code.append(f"if len({value}) != {field['max_len']}: return None")
        self._put("characters", value)

    def _length(self, value: str, field: FieldSpec) -> None:
        self.code.append(f"if n{value} > {field['max_len']}: return None")
        name, _ = LENGTHS[field["len_enc"], field["len_type"]]
        if field["len_enc"] != "bcd":
            self._put("characters", f"{name}[n{value}]")
        elif field["data_enc"] == "b":
            self._put("hex", f"{name}[n{value}]")
        else:
            self._put("characters", f"{PACKED[name][0]}[n{value}]")

    def _put_fixed(self, value: str, field: FieldSpec) -> None:
        """A value that is known to have the length of its field."""
        if field["data_enc"] == "b":
            self._put("hex", *self._padded(value, field))
        else:
            self._put("characters", value)

    def _padded(self, value: str, field: FieldSpec) -> tuple[str, ...]:
        if not (counts_nibbles(field) and field["max_len"] % 2):
            return (value,)
        if "left_pad" in field:
            return (f'"{field["left_pad"]}"', value)
        return (value, f'"{field["right_pad"]}"')

    def _put(self, unit: str, *values: str) -> None:
        if self.runs and self.runs[-1][0] == unit:
            self.runs[-1][1].extend(values)
        else:
            self.runs.append((unit, list(values)))

    def _run(self, unit: str, values: list[str]) -> str:
        run = joined(values)
        return f"unhex({run})" if unit == "hex" else f'{run}.encode("latin-1")'


def _variable_of(name: str) -> str:
    """What a value is called in an encode function."""
    return name if name == "t" else f"f{name}"
