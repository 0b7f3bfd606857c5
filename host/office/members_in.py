"""Members out of a file: a phone each, and what they are called; all of them or none."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.model.word import Word
from host.office.phones import mask_phone, phone_hash
from host.office.reading import Fault, Line, Wanted, refuse_faults
from host.stock.batches import By
from host.stock.lives import PHONE_USE
from host.store import arrays
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "members_in.sql")
NAME_CHARACTERS_MAX: Final = 40
_PHONE: Final = re.compile(r"1[0-9]{10}|\+[1-9][0-9]{6,14}")


def phone_problem(cell: str) -> Word | None:
    """What is wrong with a phone."""
    if _PHONE.fullmatch(cell):
        return None
    return Word("not 11 digits, nor a country with its number", "不是 11 位, 也不是国家码加号码")


def name_problem(cell: str) -> Word | None:
    """What is wrong with what something is called."""
    if len(cell) > NAME_CHARACTERS_MAX:
        return Word(
            f"longer than {NAME_CHARACTERS_MAX} characters", f"超过 {NAME_CHARACTERS_MAX} 个字符"
        )
    if cell.isprintable():
        return None
    return Word("it has letters that cannot be seen", "含有不可见字符")


MEMBER_COLUMNS: Final = (
    Wanted(name="phone", problem=phone_problem),
    Wanted(name="name", problem=name_problem, may_be_left_out=True),
)


class Whose(NamedTuple):
    """Who brings them, and where they are members from then on."""

    issuer: int
    merchant: int | None


def known_members(
    connection: Connection, hsm: Hsm, lines: Sequence[Line], issuer: int
) -> list[int]:
    """The lines whose phone is of a member whom the issuer has brought: whom else, is not told."""
    by_hash = {phone_hash(hsm, line.cells["phone"]): line.number for line in lines}
    found = connection.execute(SQL["known_members"], (list(by_hash), issuer)).fetchall()
    return sorted(by_hash[bytes(one)] for (one,) in found)


def take_members(
    connection: Connection, hsm: Hsm, lines: Sequence[Line], whose: Whose, by: By
) -> None:
    """Make a member of every line.

    Raises:
        Refusal: the issuer has brought one of the phones meanwhile; none is made.
    """
    rows = [_kept(hsm, line) for line in lines]
    hashes, sealed, masked, names = zip(*rows, strict=True)
    told = {
        "issuer": whose.issuer,
        "merchant": whose.merchant,
        "who": by.who,
        "at": by.at,
        "hashes": arrays.blobs(hashes),
        "sealed": arrays.blobs(sealed),
        "masked": list(masked),
        "names": list(names),
    }
    if connection.execute(SQL["add_members"], told).rowcount != len(lines):
        problem = Word(
            "somebody has one of them meanwhile: import it anew", "其间已有手机号被使用: 请重新导入"
        )
        refuse_faults([Fault(0, "phone", problem)])


def _kept(hsm: Hsm, line: Line) -> tuple[bytes, bytes, str, str]:
    phone = line.cells["phone"]
    hashed = phone_hash(hsm, phone)
    sealed = hsm.seal_secret(Secret(phone.encode()), f"{PHONE_USE}/{hashed.hex()}")
    return hashed, sealed, mask_phone(phone), line.cells.get("name", "")
