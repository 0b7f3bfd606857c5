"""What of a house is open to who plays scenarios beside its channels: its ledger and its office."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from config.errors import OperatorError
from config.places import Places
from config.run.house import house_and_settings
from config.run.staff import DemoStaff, opened_staff
from config.settings import Settings
from config.tasks.ledger import opened_ledger
from simulators.wanted import CHANNELS_ALONE, Behind


class StaffOnCall:
    """People at the office, once one is asked for something; what keeps them from it is told."""

    def __init__(self, settings: Settings, places: Places, stack: ExitStack) -> None:
        self._told = (settings, places)
        self._stack = stack
        self._staff: DemoStaff | None = None

    def act(self, by: str, action: str, values: Mapping[str, object], agreed_by: str = "") -> str:
        """As `DemoStaff.act`, or why there is nobody."""
        try:
            return self._people().act(by, action, values, agreed_by)
        except OperatorError as error:
            return str(error)

    def let_gifts_be_due(self) -> None:
        """As `DemoStaff.let_gifts_be_due`; where there is nobody, no gift was sent either."""
        with suppress(OperatorError):
            self._people().let_gifts_be_due()

    @property
    def shown(self) -> str:
        """As a `Staff`."""
        return self._people().shown

    def _people(self) -> DemoStaff:
        if self._staff is None:
            self._staff = self._stack.enter_context(opened_staff(*self._told))
        return self._staff


@contextmanager
def opened_behind(data: Path | None, settings: Path | None) -> Iterator[Behind]:
    """The ledger and the office of a data directory that is named; nothing without one.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    if data is None:
        yield CHANNELS_ALONE
        return
    places, told = house_and_settings(data, settings)
    with opened_ledger(data, settings) as ledger, ExitStack() as stack:
        yield Behind(ledger, StaffOnCall(told, places, stack))
