"""The estate as the poster reads it: issuers, programmes, merchants, terminals, house accounts.

Few rows, asked for by every message, so they are held in memory. `host.store.book` fills it;
an operator's change is seen when the host reads it again (on SIGHUP or at start).
"""

import datetime as dt
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from host.house_rules.rulebook import RuleBook
from host.hsm.dukpt import Device
from host.hsm.pin import PinBlockReader
from host.hsm.track import TrackCipher
from host.key_faults import KeyFault
from host.ledger import Chart
from host.model.holds import HOLD_DAYS
from host.model.instruments import CardBatch, CardPart, Terms
from host.model.own import Counter
from host.model.requests import PinBlock
from host.model.secrets import Pan, Secret
from host.model.terminal import (
    DUKPT,
    MacAlgorithm,
    MacKey,
    TerminalFamily,
    TerminalProfile,
)
from host.programmes import Alliance, Prices, Programme


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
    """The primary one: meant where a message names none."""
    others: tuple[Programme, ...] = ()
    """Its other programmes, in which its cards earn as well."""
    of_merchants: Mapping[int, tuple[Programme, ...]] = field(default_factory=dict)
    """Merchants' own that it keeps, by their numbers: good at that merchant's alone."""
    hold_days: int = HOLD_DAYS
    """How long a pre-authorisation lasts."""
    hold_over_percent: int = 0
    """How much more than a pre-authorisation its completion may take."""

    @property
    def programmes(self) -> tuple[Programme, ...]:
        """All of its own, and of merchants."""
        own = chain.from_iterable(self.of_merchants.values())
        return (*self._its_own, *own)

    def programmes_at(self, merchant: int) -> tuple[Programme, ...]:
        """All that are good at a merchant's."""
        return self._its_own + self.of_merchants.get(merchant, ())

    @property
    def _its_own(self) -> tuple[Programme, ...]:
        return self.others if self.programme is None else (self.programme, *self.others)

    @property
    def points_unit(self) -> str:
        """That programme's; of no purse where there is none."""
        return self.programme.unit if self.programme is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who sells. `accepts` holds the ids of the issuers whose cards it takes."""

    id: int
    merchant_id: str
    is_active: bool
    accepts: frozenset[int]
    category: str = ""
    """Its trade."""
    city: str = ""


@dataclass(slots=True, kw_only=True)
class KeySet:
    """The working keys one sign-on delivered. PIN blocks are read by `pin_reader`."""

    generation: int
    mak: Secret
    pin_reader: PinBlockReader
    track_cipher: TrackCipher | None = None
    """Where the sign-on asked for a track key."""


@dataclass(slots=True, kw_only=True)
class Terminal:
    """A terminal of a merchant. `key_sets` has the newest first, at most two."""

    terminal_id: str
    merchant: Merchant
    is_active: bool
    epoch: str
    mac_algorithm: MacAlgorithm
    home: int
    family: TerminalFamily = TerminalFamily.POS
    key_sets: tuple[KeySet, ...] = ()
    device: Device | None = None
    """Where it was loaded with an initial DUKPT key."""
    device_key: MacKey | None = None
    """That key, where its messages are sealed under it too."""
    generation_min: int = 0
    """Messages under older keys are asked to sign on again."""
    store_id: int = 0
    region: str = ""
    """Of its store."""
    traded_in: str = ""
    """The batch of the last message that was taken in the batch current then."""

    def has_left(self, epoch: str) -> bool:
        """Whether that batch is behind it: a batch is left once it is settled.

        While nobody knows which batch is current (a settlement's commit is in doubt), none is.
        """
        return self.epoch not in {"", epoch}

    def profile(self) -> TerminalProfile:
        """What the switch needs to speak with it."""
        return TerminalProfile(
            terminal_id=self.terminal_id,
            merchant_id=self.merchant.merchant_id,
            epoch=self.epoch,
            mac_algorithm=self.mac_algorithm,
            mac_keys=self._mac_keys(),
            family=self.family,
        )

    def pin_reader(self, pin: PinBlock, generation: int) -> PinBlockReader | None:
        """The reader for a PIN block: under its KSN, or that generation's PIN key.

        None when that key is gone or was never loaded.

        Raises:
            KsnError: no device uses that KSN, or it is another device's.
        """
        if pin.ksn is not None:
            return (
                self.device.pin_reader(pin.ksn, len(pin.block)) if self.device is not None else None
            )
        keys = self._keys_of(generation)
        return keys.pin_reader if keys is not None else None

    def track_cipher(self, generation: int) -> TrackCipher | None:
        """What opens tracks under that generation's track key; None where there is none."""
        keys = self._keys_of(generation)
        return keys.track_cipher if keys is not None else None

    def should_sign_on(self, generation: int) -> bool:
        """Whether a message authenticated under that generation is asked to fetch new keys."""
        return 0 < generation < self.generation_min

    def take_over(self, fresh: "Terminal", *, has_newer_keys: bool = False) -> None:
        """What an operator has changed. The batch, and which keys it has proved, are its own."""
        self.is_active = fresh.is_active
        self.mac_algorithm = fresh.mac_algorithm
        self.family = fresh.family
        self.store_id, self.region = fresh.store_id, fresh.region
        self.merchant = fresh.merchant
        self.device, self.device_key = fresh.device, fresh.device_key
        if has_newer_keys:
            return
        proved = self.key_sets[-1].generation if self.key_sets else 0
        self.key_sets = tuple([keys for keys in fresh.key_sets if keys.generation >= proved])

    def _keys_of(self, generation: int) -> KeySet | None:
        for keys in self.key_sets:
            if keys.generation == generation:
                return keys
        return None

    def _mac_keys(self) -> tuple[MacKey, ...]:
        if self.mac_algorithm in DUKPT:
            return (self.device_key,) if self.device_key is not None else ()
        return tuple([MacKey(keys.generation, keys.mak) for keys in self.key_sets])

    def drop_keys_before(self, generation: int) -> bool:
        """Forget the sets an authenticated message has made old. True when one was forgotten.

        A generation that is not among them proves nothing: nobody was delivered it, or a later
        sign-on has taken its place.
        """
        if not self.key_sets or self.key_sets[-1].generation >= generation:
            return False
        if self._keys_of(generation) is None:
            return False
        self.key_sets = tuple([keys for keys in self.key_sets if keys.generation >= generation])
        return True


NO_MERCHANT: Final = 0
"""Who sold, where nobody did. The database has NULL."""
_NOBODY: Final = Merchant(id=NO_MERCHANT, merchant_id="", is_active=True, accepts=frozenset())
_UNKNOWN: Final = Merchant(id=NO_MERCHANT, merchant_id="", is_active=False, accepts=frozenset())
NOBODYS_TERMINAL: Final = Terminal(
    terminal_id="",
    merchant=_NOBODY,
    is_active=True,
    epoch="",
    mac_algorithm=MacAlgorithm.X9_19,
    home=0,
)
"""Stands where a terminal does in what none asked; nothing of it is stored. Nobody can close it."""

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
    zone_keys: dict[str, Secret | None] = field(default_factory=dict)
    """What PIN blocks go to external issuers under, by name; None where one cannot be used."""
    key_faults: tuple[KeyFault, ...] = ()
    """Stored keys that nobody is served by."""
    batches: dict[int, CardBatch] = field(default_factory=dict)
    parts: dict[int, CardPart] = field(default_factory=dict)
    alliances: tuple[Alliance, ...] = ()
    prices: Prices = field(default_factory=dict)
    """What points of each programme pay."""
    stopped_members: frozenset[int] = frozenset()
    """Those who are frozen, or leave: few of all there are."""
    rules: RuleBook | None = None
    """The house's own; None where there is none, and was none."""
    opens: Callable[[bytes, str], Secret] | None = None
    """What was sealed under the LMK, for its place: the seed of a lottery that is being drawn."""
    version: int = 0
    """Of the estate, as far as this book has read it."""
    changing: threading.Lock = field(default_factory=threading.Lock)
    """Held by who brings the book up to date while others read it. It is a writer's thread for the
    length of a read: nobody else waits for it."""
    _issuers_cap_points: bool = False
    _prefixes: dict[str, Issuer] = field(default_factory=dict)
    _prefix_lengths: tuple[int, ...] = ()
    _institutions: dict[str, Issuer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._know_prefixes()

    def counter_of(self, counter: Counter, epoch: str) -> Terminal:
        """What stands for a terminal where a person of a store does it: it has no batch of its own.

        One of a merchant that there is not is closed.
        """
        merchant = self.merchants.get(counter.merchant, _UNKNOWN)
        return Terminal(
            terminal_id="",
            merchant=merchant,
            is_active=True,
            epoch=epoch,
            mac_algorithm=MacAlgorithm.X9_19,
            home=0,
            store_id=counter.store,
            region=counter.region,
        )

    def take_over(self, fresh: "Book", signed_on: Collection[str] = ()) -> bool:
        """What an operator has changed, from a book read anew, while this one is in use.

        Every part is exchanged whole. Terminals stay who they are, with what they are doing; those
        that have signed on while the new book was read have newer keys than it. False where this
        one has read more of the estate meanwhile, or is about to: nothing was taken over.
        """
        if not self.changing.acquire(blocking=False):
            return False
        try:
            if fresh.version < self.version:
                return False
            self._exchange(fresh, signed_on)
        finally:
            self.changing.release()
        return True

    def _exchange(self, fresh: "Book", signed_on: Collection[str]) -> None:
        self.accounts = fresh.accounts
        self.batches, self.parts = fresh.batches, fresh.parts
        self.alliances = fresh.alliances
        self.prices = fresh.prices
        self.stopped_members = fresh.stopped_members
        self.rules = fresh.rules
        self.issuers = fresh.issuers
        self._know_prefixes()
        self.merchants = fresh.merchants
        for terminal_id, terminal in fresh.terminals.items():
            mine = self.terminals.setdefault(terminal_id, terminal)
            mine.take_over(terminal, has_newer_keys=terminal_id in signed_on)
        for terminal_id in self.terminals.keys() - fresh.terminals.keys():
            del self.terminals[terminal_id]
        self.zone_keys = fresh.zone_keys
        self.key_faults = fresh.key_faults
        self.version = fresh.version

    def put_issuer(self, issuer: Issuer) -> None:
        """An issuer as it is now."""
        self.issuers = {**self.issuers, issuer.id: issuer}
        self._know_prefixes()

    def put_merchant(self, merchant: Merchant) -> None:
        """A merchant as it is now, at each of its terminals."""
        self.merchants[merchant.id] = merchant
        for terminal in list(self.terminals.values()):
            if terminal.merchant.id == merchant.id:
                terminal.merchant = merchant

    def put_terminal(self, terminal: Terminal) -> None:
        """A terminal as it is now: what it is doing, and its keys, stay its own."""
        mine = self.terminals.setdefault(terminal.terminal_id, terminal)
        mine.take_over(terminal, has_newer_keys=True)

    def terms_of(self, part: int) -> Terms | None:
        """The product version under which a part's cards were made; None of one not known yet."""
        found = self.parts.get(part)
        return self.batches[found.batch_id].terms if found is not None else None

    def circles(self, issuer: int, merchant: int, on: dt.date) -> frozenset[int]:
        """The alliances whose partners both are on that date."""
        return frozenset(one.id for one in self.alliances if one.has_both(issuer, merchant, on))

    def also_earns(self, issuer: Issuer, merchant: int, on: dt.date) -> tuple[Programme, ...]:
        """The programmes in which its cards earn at that merchant, besides the primary one."""
        own = issuer.others
        if issuer.of_merchants:
            own += issuer.of_merchants.get(merchant, ())
        if not self.alliances:
            return own
        shared = [one for one in self.alliances if one.earns(issuer.id, merchant, on)]
        return own + tuple(one for alliance in shared for one in alliance.programmes)

    @property
    def caps_points(self) -> bool:
        """Whether in any programme what a card earns in a time is counted, or was."""
        return self._issuers_cap_points or any(
            programme.is_capped for one in self.alliances for programme in one.programmes
        )

    def redeemed(self, issuer: Issuer, unit: str, merchant: int, on: dt.date) -> Programme | None:
        """The programme that its cards redeem there by this unit; None where they may not."""
        found = _in_unit(issuer.programmes_at(merchant), unit)
        shared = [one for one in self.alliances if one.redeems(issuer.id, merchant, on)]
        return found or _in_unit([one for each in shared for one in each.programmes], unit)

    def programme_in(self, issuer: Issuer, unit: str) -> Programme | None:
        """The programme of which its cards may have a purse in this unit."""
        shared = [one for one in self.alliances if one.has_had(issuer.id)]
        own = issuer.programmes
        return _in_unit([*own, *(one for each in shared for one in each.programmes)], unit)

    def purses_max(self) -> int:
        """The most purses that one message can be the first to post in."""
        shared = sum(len(one.programmes) for one in self.alliances)
        own = (len(one.programmes) for one in self.issuers.values())
        return 2 + shared + max(own, default=0)

    def _know_prefixes(self) -> None:
        self._prefixes = {issuer.pan_prefix: issuer for issuer in self.issuers.values()}
        self._institutions = {issuer.institution_id: issuer for issuer in self.issuers.values()}
        lengths = {len(prefix) for prefix in self._prefixes}
        self._prefix_lengths = tuple(sorted(lengths, reverse=True))
        self._issuers_cap_points = any(
            programme.is_capped for one in self.issuers.values() for programme in one.programmes
        )

    def issuer_of(self, pan: Pan) -> Issuer | None:
        """The issuer with the longest prefix of this card number."""
        digits = pan.reveal()
        for length in self._prefix_lengths:
            issuer = self._prefixes.get(digits[:length])
            if issuer is not None:
                return issuer
        return None

    def institution(self, institution_id: str) -> Issuer | None:
        """The issuer of that institution number."""
        return self._institutions.get(institution_id)

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


def _in_unit(programmes: Iterable[Programme], unit: str) -> Programme | None:
    return next((one for one in programmes if one.unit == unit), None)


class MissingAccountError(Exception):
    """A rule needs a house account that the estate lacks: our fault, never the terminal's."""

    def __init__(self, chart: Chart, unit: str, issuer: int | None, merchant: int | None) -> None:
        super().__init__(
            f"no {chart.value} account in {unit} for issuer {issuer}, merchant {merchant}: "
            "the estate was loaded without it"
        )
