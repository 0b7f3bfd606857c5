"""What was typed into a form of a screen and refused: it stands there again, with why."""

from dataclasses import dataclass, field

from host.model.catalogue import ActionTold
from host.model.office import Refused
from terminals.web.forms import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One form that came back; without an action none did."""

    action: ActionTold | None = None
    typed: Typed = field(default_factory=dict)
    """Nothing of what is never shown."""
    refused: Refused | None = None

    def is_of(self, action: str, **about: object) -> bool:
        """Whether it is this form: of this action, and about this where a page has several."""
        return self.action is not None and self.action.id == action and all(
            self.one(name) == str(value) for name, value in about.items()
        )  # fmt: skip

    def one(self, name: str) -> str:
        """What was typed into a field, as it was."""
        return "".join(self.typed.get(name, ())[:1])

    def value(self, action: str, name: str, default: object = "", **about: object) -> str:
        """What stands in a field of a form: what was typed, else what stands there at first."""
        is_typed = self.is_of(action, **about) and name in self.typed
        return self.one(name) if is_typed else str(default)


NOTHING: Kept = Kept()
