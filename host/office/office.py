"""What both runners stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from host.asking import Ask
from host.clock import WallClock
from host.hsm.interface import Hsm
from host.office.action import Action
from host.office.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The two tables, and what is under their runners."""

    hsm: Hsm
    clock: WallClock
    actions: Mapping[str, Action[Any]]
    views: Mapping[str, View]
    ask: Ask | None = None
    """The poster, for what moves money; None where there is none, as at a command line."""
