"""Who works at an enterprise, out of a file: all of its good lines, or nothing of it.

A line is by the number that somebody has there, so the same file again says the same; the phone
makes them the member to whom vouchers go.
"""

from collections.abc import Sequence
from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret
from host.model.word import Word
from host.office.members_in import name_problem, phone_problem
from host.office.phones import mask_phone, phone_hash
from host.office.reading import Fault, Line, Looked, Wanted, look_at_rows
from host.office.words import word_of
from host.stock.batches import By
from host.stock.lives import seal_phone
from host.store import arrays
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "enterprises.sql")
WORKING, LEFT = "working", "left"
CODE_CHARACTERS_MAX: Final = 32


def _code_problem(cell: str) -> Word | None:
    if (
        cell.isascii()
        and cell.isprintable()
        and cell.isalnum()
        and len(cell) <= CODE_CHARACTERS_MAX
    ):
        return None
    return Word("it is 1 to 32 letters and digits", "应为 1 至 32 位字母数字")


def _needed(cell: str) -> Word | None:
    return name_problem(cell) if cell else Word("it is empty", "为空")


def _state_problem(cell: str) -> Word | None:
    if not cell or _state_of(cell):
        return None
    working, left = word_of(WORKING), word_of(LEFT)
    return Word(f"it is {working.en} or {left.en}", f"应为{working.zh}或{left.zh}")


def _state_of(cell: str) -> str:
    """As it is kept; empty where it is no word for that."""
    words = {told: state for state in (WORKING, LEFT) for told in (state, *word_of(state))}
    return words.get(cell, "")


STAFF_COLUMNS: Final = (
    Wanted(name="employee", problem=_code_problem),
    Wanted(name="name", problem=_needed),
    Wanted(name="phone", problem=phone_problem),
    Wanted(name="department", problem=_needed),
    Wanted(name="grade", problem=name_problem, may_be_left_out=True),
    Wanted(name="employee_state", problem=_state_problem, may_be_left_out=True),
)


def look_at_staff(connection: Connection, hsm: Hsm, enterprise: int, content: Secret) -> Looked:
    """What a file says of an enterprise's staff.

    Raises:
        Refusal: it is no such file at all.
    """
    read = look_at_rows(content, STAFF_COLUMNS, unique=("employee", "phone"))
    taken = _taken_by_others(connection, hsm, enterprise, read.good)
    faults = sorted([*read.faults, *taken], key=lambda one: one.line)
    wrong = {one.line for one in taken}
    return Looked([line for line in read.good if line.number not in wrong], faults)


def _taken_by_others(
    connection: Connection, hsm: Hsm, enterprise: int, lines: Sequence[Line]
) -> list[Fault]:
    """A phone is one employee's: whose it was may give it up in the same file."""
    by_hash = {phone_hash(hsm, line.cells["phone"]): line for line in lines}
    said = {line.cells["employee"] for line in lines}
    told = {"enterprise": enterprise, "hashes": arrays.blobs(by_hash)}
    found = connection.execute(SQL["employees_by_phone"], told).fetchall()
    taken = ((by_hash[bytes(hashed)], code) for hashed, code in found)
    return [
        Fault(
            line.number, "phone", Word(f"it is that of employee {code}", f"已是员工 {code} 的手机")
        )
        for line, code in taken
        if code != line.cells["employee"] and code not in said
    ]


def take_staff(
    connection: Connection, hsm: Hsm, enterprise: int, lines: Sequence[Line], by: By
) -> None:
    """What the lines say holds from now on; who is in none of them stays as they are."""
    hashes = [phone_hash(hsm, line.cells["phone"]) for line in lines]
    phones = [line.cells["phone"] for line in lines]
    masked = [mask_phone(phone) for phone in phones]
    sealed = [seal_phone(hsm, phone, found) for phone, found in zip(phones, hashes, strict=True)]
    departments = [line.cells["department"] for line in lines]
    told = {
        "enterprise": enterprise,
        "codes": [line.cells["employee"] for line in lines],
        "names": [line.cells["name"] for line in lines],
        "hashes": arrays.blobs(hashes),
        "sealed": arrays.blobs(sealed),
        "masked": masked,
        "departments": departments,
        "grades": [line.cells.get("grade", "") for line in lines],
        "states": [_state_of(line.cells.get("employee_state", "")) or WORKING for line in lines],
        "by": by.who,
        "now": by.at,
    }
    connection.execute(SQL["add_departments"], told)
    connection.execute(SQL["add_phones"], told)
    connection.execute(SQL["take_employees"], told)
