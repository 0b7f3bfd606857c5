"""The estate as the poster reads it: issuers, programmes, merchants, terminals, house accounts.

Few rows, asked for by every message, so they are held in memory. `host.store.book` fills it;
an operator's change is seen when the host reads it again (on SIGHUP or at start).
"""

from dataclasses import dataclass, field

from host.hsm.pin import PinBlockReader
from host.ledger import Chart
from host.model.secrets import Pan, Secret
from host.model.terminal import MacAlgorithm, MacKey, TerminalProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """An issuer's points programme: how points are earned, spent and kept."""

    code: str
    unit: str
    earn_points: int
    earn_per_minor: int
    redemption_points_min: int
    lot_months: int
    debt_is_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who owes the card holder. Limits are in minor units."""

    id: int
    institution_id: str
    pan_prefix: str
    currency: str
    amount_minor_max: int
    balance_minor_max: int
    pin_tries_max: int
    is_active: bool
    programme: Programme | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who sells. `accepts` holds the ids of the issuers whose cards it takes."""

    id: int
    merchant_id: str
    is_active: bool
    accepts: frozenset[int]


@dataclass(slots=True, kw_only=True)
class KeySet:
    """The working keys one sign-on delivered. PIN blocks are read by `pin_reader`."""

    generation: int
    mak: Secret
    pin_reader: PinBlockReader


@dataclass(slots=True, kw_only=True)
class Terminal:
    """A terminal of a merchant. `key_sets` has the newest first, at most two."""

    terminal_id: str
    merchant: Merchant
    is_active: bool
    epoch: str
    mac_algorithm: MacAlgorithm
    home: int
    key_sets: tuple[KeySet, ...] = ()

    def profile(self) -> TerminalProfile:
        """What the switch needs to speak with it."""
        return TerminalProfile(
            terminal_id=self.terminal_id,
            merchant_id=self.merchant.merchant_id,
            epoch=self.epoch,
            mac_algorithm=self.mac_algorithm,
            mac_keys=tuple(MacKey(keys.generation, keys.mak) for keys in self.key_sets),
        )

    def pin_reader(self, generation: int) -> PinBlockReader | None:
        """The reader for PIN blocks under that generation's PIN key; None when it is gone."""
        for keys in self.key_sets:
            if keys.generation == generation:
                return keys.pin_reader
        return None

    def drop_keys_before(self, generation: int) -> bool:
        """Forget the sets an authenticated message has made old. True when one was forgotten.

        The last set is never forgotten: a generation nobody was delivered proves nothing.
        """
        if not self.key_sets or self.key_sets[-1].generation >= generation:
            return False
        kept = tuple([keys for keys in self.key_sets if keys.generation >= generation])
        if not kept:
            return False
        self.key_sets = kept
        return True


AccountName = tuple[Chart, str, int | None, int | None]
"""Chart row, unit, issuer id, merchant id: what names a house account."""


@dataclass(slots=True, kw_only=True)
class Book:
    """Everything above, by the key a message brings."""

    shard_count: int
    issuers: dict[int, Issuer]
    merchants: dict[int, Merchant]
    terminals: dict[str, Terminal]
    accounts: dict[AccountName, int]
    _prefixes: dict[str, Issuer] = field(default_factory=dict)
    _prefix_lengths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self._prefixes = {issuer.pan_prefix: issuer for issuer in self.issuers.values()}
        lengths = {len(prefix) for prefix in self._prefixes}
        self._prefix_lengths = tuple(sorted(lengths, reverse=True))

    def issuer_of(self, pan: Pan) -> Issuer | None:
        """The issuer with the longest prefix of this card number."""
        digits = pan.reveal()
        for length in self._prefix_lengths:
            issuer = self._prefixes.get(digits[:length])
            if issuer is not None:
                return issuer
        return None

    def account(
        self, chart: Chart, unit: str, issuer: int | None = None, merchant: int | None = None
    ) -> int:
        """The id of a house account.

        Raises:
            MissingAccountError: the estate was loaded without it.
        """
        try:
            return self.accounts[chart, unit, issuer, merchant]
        except KeyError:
            raise MissingAccountError(chart, unit, issuer, merchant) from None


class MissingAccountError(Exception):
    """A rule needs a house account that the estate lacks: our fault, never the terminal's."""

    def __init__(self, chart: Chart, unit: str, issuer: int | None, merchant: int | None) -> None:
        super().__init__(
            f"no {chart.value} account in {unit} for issuer {issuer}, merchant {merchant}: "
            "run `posswitch db accounts` to open the missing ones"
        )
