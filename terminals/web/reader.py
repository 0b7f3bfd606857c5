"""For whom a page is made."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from host.model.catalogue import ActionTold, Catalogue, ViewTold
from terminals.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads, in which language, with what there is for them."""

    language: Language
    form_token: str = ""
    """Stands in each form, and says that the form is one of theirs."""
    catalogue: Catalogue | None = None
    here: str = "/"
    """The address of the page, to come back to it."""
    chinese: Callable[[str], str] = str
    """What programs have said in English, such as why a job was not done."""

    @cached_property
    def views(self) -> dict[str, ViewTold]:
        """By their ids."""
        return {one.id: one for one in self.catalogue.views} if self.catalogue else {}

    @cached_property
    def actions(self) -> dict[str, ActionTold]:
        """By their ids."""
        return {one.id: one for one in self.catalogue.actions} if self.catalogue else {}

    @cached_property
    def done(self) -> dict[str, str]:
        """What is done here, by anybody, as this reader calls it."""
        if self.catalogue is None:
            return {}
        others = {one.value: self.named(one) for one in self.catalogue.done_by_others}
        return others | {one.id: self.named(one) for one in self.catalogue.actions}

    @property
    def role(self) -> str:
        """Of the grant in use; empty: nobody's."""
        return self.catalogue.grant.role if self.catalogue else ""

    def named(self, row: Any) -> str:
        """What a row of the catalogue is called."""
        return str(row.zh if self.language == "zh" else row.en)
