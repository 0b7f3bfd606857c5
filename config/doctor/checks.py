"""The table of checks, and what they have found, in order."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from config.doctor import ground, ledger, programs
from config.doctor.findings import Finding, House, State, of_sentence
from config.doctor.opening import opened_house
from config.errors import OperatorError, code_of

Look = Callable[[House], Iterator[Finding]]


class Check(NamedTuple):
    """One row: its name, and the function that looks, whose docstring says how it should be."""

    name: str
    look: Look

    @property
    def should_be(self) -> str:
        """How a house should be, as a sentence."""
        return " ".join((inspect.getdoc(self.look) or "").split())


CHECKS: Final[tuple[Check, ...]] = (
    Check("directory", ground.look_at_directory),
    Check("secrets", ground.look_at_secrets),
    Check("disk", ground.look_at_disks),
    Check("settings", programs.look_at_settings),
    Check("limits", ground.look_at_limits),
    Check("programs", programs.look_at_programs),
    Check("ports", programs.look_at_ports),
    Check("certificates", programs.look_at_certificates),
    Check("database", ledger.look_at_database),
    Check("schema", ledger.look_at_schema),
    Check("durability", ledger.look_at_durability),
    Check("clock", ledger.look_at_clock),
    Check("date", ledger.look_at_date),
    Check("keys", ledger.look_at_keys),
)
"""What is looked at, the ground first."""


class Found(msgspec.Struct, frozen=True):
    """A finding with the check that found it."""

    check: str
    state: State
    found: str
    cure: str


def examine(data: Path, settings: Path | None) -> list[Found]:
    """Everything that was found; a house that is not ours is one finding."""
    try:
        with opened_house(data, settings) as house:
            return [
                Found(check.name, finding.state, finding.found, finding.cure)
                for check in CHECKS
                for finding in _found_by(check, house)
            ]
    except OperatorError as error:
        finding = of_sentence(State.WRONG, str(error))
        cure = f"{finding.cure} ({code_of(error)})"
        return [Found("directory", finding.state, finding.found, cure)]


def is_well(found: list[Found]) -> bool:
    """Whether nothing is to be mended now."""
    return all(each.state is not State.WRONG for each in found)


def as_builtins(found: list[Found]) -> dict[str, Any]:
    """The report, for programs."""
    return {"is_well": is_well(found), "findings": msgspec.to_builtins(found)}


def _found_by(check: Check, house: House) -> list[Finding]:
    """What one check finds; one that fails itself is a finding, and the others go on."""
    try:
        return list(check.look(house))
    except (OSError, psycopg.Error, ValueError) as error:
        said = str(error).strip().splitlines() or [""]
        return [Finding(State.WRONG, f"could not be looked at: {said[0]}", "see its log")]
