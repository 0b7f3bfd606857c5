"""What a row of SCREENS is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.shown import Shown

TAB: Final = "tab"
"""The name in an address that says which tab is open."""
Given = Mapping[str, str]
"""What stands in the address, by name."""
Parts = Mapping[str, Shown]
"""What the views told, by the names of the parts; what who reads may not see is not there."""
Arrange = Callable[[Reader, Given, Parts], Mapping[str, Any]]
"""More names for the template, made of what was told. Pure."""


def _as_told(_reader: Reader, _given: Given, _parts: Parts) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One view, asked for one screen."""

    view: str
    filters: Mapping[str, str] = field(default_factory=dict)
    """By the view's filters: a word; `{name}` of the address; `{part.column}` of the first row of
    another part, which is asked first. A filter that comes out empty is not said."""
    needs: frozenset[str] = frozenset()
    """Filters without which the part is not asked at all."""
    rows_max: int = 50
    tab: str = ""
    """Asked while this one of the screen's tabs is open, and not anew for what is live; empty:
    always."""
    is_still: bool = False
    """Asked once a page, and not anew for what is live: it costs more than a look."""
    goes_on: str = ""
    """The name in the address that says where the part's page begins; empty: only its first."""


def tab_of_view(name: str, view: str, filters: Mapping[str, str]) -> Part:
    """A list that is read page by page, while its tab is open."""
    return Part(view=view, filters=filters, tab=name, goes_on="after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One row."""

    id: str
    path: str
    """As starlette has it: `/card-batches/{batch}`."""
    en: str
    zh: str
    template: str
    parts: Mapping[str, Part]
    is_about: str = ""
    """The part that has to have a row, or there is no such page; empty: it is there always."""
    asks: Sequence[str] = ()
    """Names that may stand behind the `?`."""
    roles: frozenset[str] = frozenset()
    """Whose it is alone; empty: of all who may see one of its parts' views."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Roles that have another page in its place, and where that is."""
    is_for_all: bool = False
    """Whether everybody who has signed in has it, whatever they may see of it."""
    arrange: Arrange = _as_told
    tabs: Sequence[str] = ()
    """In their order, each called as the view of the part of its name; which one is open stands in
    the address as `tab`, else it is the first that who reads may see."""
    live_seconds: float = 0
    """How often what stands in the template's block `live` is looked at anew; 0: never."""
    is_heard: bool = False
    """It rings for what waits, so it is told anew also while another page lies over it."""

    def tabs_of(self, reader: Reader) -> list[str]:
        """Those there are for who reads."""
        return [each for each in self.tabs if self.parts[each].view in reader.views]

    def tab_of(self, reader: Reader, given: Given) -> str:
        """The one that is open; empty: it has none."""
        tabs = self.tabs_of(reader)
        wanted = given.get(TAB, "")
        return wanted if wanted in tabs else "".join(tabs[:1])

    def is_for(self, reader: Reader) -> bool:
        """Whether there is this page for who reads."""
        if self.is_for_all or (self.roles and reader.role not in self.roles):
            return self.is_for_all
        about = self.parts.get(self.is_about)
        if about is not None:
            return about.view in reader.views
        return not self.parts or any(one.view in reader.views for one in self.parts.values())
