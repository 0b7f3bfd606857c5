"""Answers to messages of one form, written again and again.

A form says which fields an answer has, so what writes it is compiled once: values in a fixed order
in, bytes out. What came with the request was read by the same specification and is not looked at
again; what answers of one moment have in common is kept until it changes. An answer that lacks one
of its values, or answers a broken message, is the codec's to write field by field.
"""

from collections.abc import Callable, Container
from operator import itemgetter
from typing import NamedTuple

from msgspec.structs import astuple

from host.hsm.mac import Mac
from host.model.requests import Response
from terminals.answers import AnswerPlan, AnswerPlans, answer_mti, moment_of
from terminals.codec import Codec
from terminals.compiled import FastEncode
from terminals.message import Message
from terminals.sealing import NO_TAG_YET, covered, with_tag


class Answering:
    """The approvals, those of a part, or the declines, of messages of one form."""

    __slots__ = (
        "_echo",
        "_made",
        "_moment",
        "_mti",
        "_plain",
        "_sealed",
        "_shared",
        "_shared_values",
        "_tag_bytes",
    )

    def __init__(self, codec: Codec, plan: AnswerPlan, mti: str, names: Container[str]) -> None:
        """To messages of this type that have fields of these names."""
        echoed = tuple(name for name in plan.echoed if name in names)
        self._mti = answer_mti(mti)
        self._echo = _picker(echoed)
        self._made = [value_of for _, value_of in plan.made]
        self._shared = [value_of for _, value_of in plan.shared]
        read, made = ("t", *echoed), [name for name, _ in (*plan.made, *plan.shared)]
        self._plain = _Writing(codec, (*read, *made), frozenset(read))
        self._sealed = _Writing(codec, (*read, *made), frozenset(read), is_sealed=True)
        self._tag_bytes = codec.tag_bytes
        self._moment: object = None
        self._shared_values: list[str] = []

    def plain(self, message: Message, response: Response) -> bytes:
        """From message type to last field, without a code.

        Raises:
            EncodeError: the response holds a value the dialect has no room for.
        """
        return self._plain.written(self._values(message, response), message)

    def sealed(self, message: Message, response: Response, mac: Mac) -> bytes:
        """The same with its code behind it.

        Raises:
            EncodeError: as above.
        """
        text = self._sealed.written(self._values(message, response), message)
        return with_tag(text, mac, self._tag_bytes)

    def _values(self, message: Message, response: Response) -> list[str]:
        moment = moment_of(response)
        if moment != self._moment:
            self._shared_values = [value_of(response) for value_of in self._shared]
            self._moment = moment
        own = [value_of(message, response) or "" for value_of in self._made]
        return [self._mti, *self._echo(message.fields), *own, *self._shared_values]


class Answerings(NamedTuple):
    """What answers messages of one form."""

    approved: Answering
    partly: Answering
    declined: Answering


def answerings_of(codec: Codec, plans: AnswerPlans, mti: str, names: Container[str]) -> Answerings:
    """The plans, to messages of this type that have fields of these names."""
    return Answerings(*(Answering(codec, plan, mti, names) for plan in astuple(plans)))


class _Writing:
    """Values in one order, and what writes them: compiled when it is first needed."""

    __slots__ = ("_codec", "_is_sealed", "_names", "_sound", "_write")

    def __init__(
        self,
        codec: Codec,
        names: tuple[str, ...],
        sound: frozenset[str],
        *,
        is_sealed: bool = False,
    ) -> None:
        self._codec = codec
        self._names = names
        self._sound = sound
        self._is_sealed = is_sealed
        self._write: FastEncode | None = None

    def written(self, values: list[str], asked: Message) -> bytes:
        """The body without its code: where it is sealed, that is to follow."""
        if asked.damage is None and all(values):
            body = (self._write or self._compiled())(values)
            if body is not None:
                return body
        return self._field_by_field(values)

    def _compiled(self) -> FastEncode:
        last = self._codec.mac_field(self._names) if self._is_sealed else ""
        self._write = self._codec.writer(self._names, sound=self._sound, last=last)
        return self._write

    def _field_by_field(self, values: list[str]) -> bytes:
        codec = self._codec
        fields = {name: text for name, text in zip(self._names, values, strict=True) if text}
        if not self._is_sealed:
            return codec.encode(fields)
        fields[codec.mac_field(fields)] = NO_TAG_YET
        return covered(codec.encode(fields), codec.tag_bytes)


def _picker(names: tuple[str, ...]) -> Callable[[dict[str, str]], tuple[str, ...]]:
    """What takes the values of these fields out of a message's."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda fields: tuple(fields[name] for name in names)
