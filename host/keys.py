"""The key ceremony: how a master key comes in, goes out, and is replaced.

A key comes as two or three components, each entered by another person with its check value; it is
stored when the check value of the whole is right too, and not before (PCI PIN, requirements 6 to
12: dual control and split knowledge). A key goes out only under a transport key, as a key block
that says what it is for, and only when its own block says that it may.

All of it is an operator's doing on the owner's connection, beside a host that may be running.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from host.hsm.components import combine, is_check_value, split
from host.hsm.dukpt import checked_key_id
from host.hsm.interface import Hsm
from host.hsm.key_blocks import ClearBlockKeys, header_of, seal_key
from host.hsm.keys import WEAK_PARTS, new_key, with_odd_parity
from host.hsm.ksn import KsnError
from host.hsm.purposes import PURPOSES, KeyName, check_value_of
from host.model.secrets import Secret
from host.model.terminal import DUKPT, MacAlgorithm
from host.store import keys as rows
from host.store.keys import Connection, StoredComponent

TMK_BYTES: Final = 16
EXPORTABLE: Final = "E"
NAME: Final = re.compile(r"(?! )[\x20-\x7e]{1,64}(?<! )")
"""What a key that is no terminal's may be called: its key block says it, in ASCII."""
MODES_OUTSIDE: Final = {"tmk": "B"}
"""A master key encrypts working keys here and decrypts them in the terminal."""


class KeyCeremonyError(Exception):
    """It is not done, and why: what to put right is in the message; no key is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The key that is entered: a terminal's `tmk` or `ik`, a `transport` key or `zpk` by name."""

    purpose: str
    owner: str
    key_id: str | None = None
    """Of an initial DUKPT key: whose KSNs begin with it."""

    @property
    def text(self) -> str:
        """What its components are kept under."""
        return "/".join([self.purpose, self.owner, *([self.key_id] if self.key_id else [])])

    @property
    def typed(self) -> str:
        """How a command line says whose key it is."""
        option = {"transport": " --transport", "zpk": " --zone"}.get(self.purpose, "")
        return self.owner + (f" --key-id {self.key_id}" if self.key_id else option)

    @property
    def algorithm(self) -> str:
        """Of its check values: T or A."""
        return self.name(0).algorithm_of(TMK_BYTES)

    def name(self, generation: int) -> KeyName:
        """What the key is stored as."""
        return KeyName(
            purpose=self.purpose, owner=self.owner, generation=generation, key_id=self.key_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One component as a person enters it."""

    number: int
    count: int
    value: Secret
    check_value: str
    entered_by: str
    """The login name of that person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of an entry: components still missing, or the check value of the stored key."""

    missing: tuple[int, ...] = ()
    check_value: str | None = None


def enter_component(
    connection: Connection,
    hsm: Hsm,
    target: Target,
    entry: Entry,
    *,
    whole: str | None,
    now: dt.datetime,
) -> Entered:
    """Take one component; the last one completes the key, whose check value is `whole`.

    Raises:
        KeyCeremonyError: a check value is wrong, the same person entered another component, or
            the entry does not fit what was entered before. Nothing is stored.
    """
    with connection.transaction():
        target = checked_target(connection, target)
        _check_entry(target, entry)
        others = rows.components_of(connection, target.text)
        _check_beside(target, entry, others)
        missing = sorted(
            set(range(1, entry.count + 1)) - {one.number for one in others} - {entry.number}
        )
        if missing:
            _keep(connection, hsm, target, entry, now)
            return Entered(missing=tuple(missing))
        key = _combined(target, [*(_value(hsm, target, one) for one in others), entry.value])
        _check_whole(target, key, whole)
        by = ", ".join([*(one.entered_by for one in others), entry.entered_by])
        check = _store(connection, hsm, target, key, by, now)
        rows.drop_components(connection, target.text)
        return Entered(check_value=check)


def give_up_entry(connection: Connection, target: Target) -> int:
    """Forget the components entered so far; gives how many there were.

    Raises:
        KeyCeremonyError: there is no such key to enter.
    """
    return rows.drop_components(connection, checked_target(connection, target).text)


def generate_tmk(  # noqa: PLR0913 - who makes it, when, and into how many parts
    connection: Connection,
    hsm: Hsm,
    terminal_id: str,
    hand_out: Callable[[list[Secret], str], None],
    *,
    count: int,
    by: str,
    now: dt.datetime,
) -> str:
    """A new master key for a terminal, of which its check value is given.

    It is stored once its two or three components, and its check value, are handed out to their
    custodians: whatever ends that, kill -9 too, leaves the terminal the key that it has.

    Raises:
        KeyCeremonyError: there is no such terminal. What `hand_out` raises, too.
    """
    target = checked_target(connection, Target(purpose="tmk", owner=terminal_id))
    key = new_key(TMK_BYTES)
    hand_out(split(key, count), check_value_of(key, target.algorithm))
    with connection.transaction():
        rows.drop_components(connection, target.text)
        return _store(connection, hsm, target, key, by, now)


def export_key(
    connection: Connection, hsm: Hsm, purpose: str, terminal_id: str, transport: str
) -> str:
    """A stored key as a key block under a transport key.

    Raises:
        KeyCeremonyError: there is no such key or transport key, or it may not leave.
    """
    stored = rows.read_key(connection, hsm, purpose, terminal_id)
    if stored is None:
        raise KeyCeremonyError(
            f"terminal {terminal_id} has no {purpose}. Next: posswitch keys list {terminal_id}"
        )
    under = rows.read_key(connection, hsm, "transport", transport)
    if under is None:
        raise KeyCeremonyError(
            f"there is no transport key {transport!r}. Next: enter its components with "
            f"posswitch keys import --transport {transport}"
        )
    block, key = stored
    return _leaving(block, key, under[1], purpose)


def key_for_seat(  # noqa: PLR0913 - who makes it, when, and under which key it leaves
    connection: Connection,
    hsm: Hsm,
    terminal_id: str,
    under: Secret,
    hand_out: Callable[[str], None],
    *,
    by: str,
    now: dt.datetime,
) -> str:
    """A new master key for a terminal whose place a web front takes; gives its check value.

    Its block, under the front's own key, is handed out before it is stored for good; then whoever
    held another one signs on no more.

    Raises:
        KeyCeremonyError: there is no such terminal. What `hand_out` raises, too.
    """
    target = Target(purpose="tmk", owner=terminal_id)
    with connection.transaction():
        checked_target(connection, target)
        rows.drop_components(connection, target.text)
        check_value = _store(connection, hsm, target, new_key(TMK_BYTES), by, now)
        stored = rows.read_key(connection, hsm, "tmk", terminal_id)
        assert stored is not None, "it was made"
        hand_out(_leaving(*stored, under, "tmk"))
    return check_value


def _leaving(block: str, key: Secret, under: Secret, purpose: str) -> str:
    header = header_of(block)
    if header.exportability != EXPORTABLE:
        raise KeyCeremonyError(f"a {purpose} is not exportable: its key block says that it stays")
    header = msgspec.structs.replace(header, mode=MODES_OUTSIDE.get(purpose, header.mode))
    return seal_key(ClearBlockKeys(under), header, key)


def rotate(
    connection: Connection, named: Sequence[str] | None, *, by: str, now: dt.datetime
) -> int:
    """Ask terminals to sign on, all where none are named; gives how many will be.

    Raises:
        KeyCeremonyError: a terminal named is not there, or holds no working keys.
    """
    with connection.transaction():
        for terminal_id in named or ():
            checked_target(connection, Target(purpose="tmk", owner=terminal_id))
        count = rows.ask_rotation(connection, named, by, now)
        if named is not None and count < len(set(named)):
            raise KeyCeremonyError(
                "one of these terminals holds no working keys: under DUKPT it never does, else it "
                "signs on before its next transaction by itself. Next: posswitch keys list"
            )
    return count


def checked_target(connection: Connection, target: Target) -> Target:
    """The key that is meant; the id of an initial one as long as its standard has it.

    8 bytes may be an AES id, or a TDES one without its F's: how the terminal seals tells.

    Raises:
        KeyCeremonyError: there is no such terminal, or the id or the name is none.
    """
    if target.purpose in rows.NAMED:
        if not NAME.fullmatch(target.owner):
            raise KeyCeremonyError(
                f"{target.owner!r} is no name for a key: it has 1 to 64 ASCII characters and no "
                "blank at either end. Next: choose another, such as that of who has the other half"
            )
        return target
    algorithm = rows.mac_algorithm_of(connection, target.owner)
    if algorithm is None:
        raise KeyCeremonyError(f"there is no terminal {target.owner!r}. Next: check its number")
    if target.purpose != "ik":
        return target
    is_tdes = algorithm is MacAlgorithm.TDES_DUKPT if algorithm in DUKPT else None
    try:
        key_id = checked_key_id(target.key_id or "", is_tdes=is_tdes)
    except KsnError as error:
        raise KeyCeremonyError(
            f"the key id is none: {error}; terminal {target.owner} seals by {algorithm.value}. "
            "Next: check --key-id"
        ) from None
    return replace(target, key_id=key_id)


def _check_entry(target: Target, entry: Entry) -> None:
    sizes = PURPOSES[target.purpose].sizes
    if len(entry.value) not in sizes:
        wanted = " or ".join(str(2 * size) for size in sizes)
        raise KeyCeremonyError(
            f"a component of this key has {wanted} hexadecimal characters, this one "
            f"{2 * len(entry.value)}. Next: enter it again"
        )
    if not 1 <= entry.number <= entry.count:
        raise KeyCeremonyError(
            f"there is no component {entry.number} of {entry.count}. Next: --component says which "
            "one is yours, --of how many there are"
        )
    if not is_check_value(entry.check_value, entry.value, target.algorithm):
        raise KeyCeremonyError(
            f"the check value of component {entry.number} is wrong: nothing is stored. "
            "Next: enter the component again, a character may have slipped"
        )


def _check_beside(target: Target, entry: Entry, others: list[StoredComponent]) -> None:
    for other in others:
        if other.entered_by == entry.entered_by:
            raise KeyCeremonyError(
                f"{entry.entered_by} has entered component {other.number} of this key: another "
                "person enters this one, so that nobody has seen two. "
                "Next: the other operator logs in by their own name"
            )
        if other.number == entry.number or other.count != entry.count:
            raise KeyCeremonyError(
                f"component {other.number} of {other.count} of {target.text} is entered already "
                f"(by {other.entered_by}). Next: enter the missing one, or begin again with "
                f"posswitch keys import {target.typed} --give-up"
            )


def _combined(target: Target, parts: list[Secret]) -> Secret:
    try:
        return combine(parts)
    except ValueError as error:
        raise KeyCeremonyError(
            f"{error}: nothing is stored. Next: enter it again, or begin again with "
            f"posswitch keys import {target.typed} --give-up"
        ) from None


def _check_whole(target: Target, key: Secret, whole: str | None) -> None:
    if whole is None:
        raise KeyCeremonyError(
            "this is the last component: the check value of the whole key is needed. "
            "Next: give it with --check-value"
        )
    if not is_check_value(whole, key, target.algorithm):
        raise KeyCeremonyError(
            "the components do not give a key with this check value: nothing is stored. Next: "
            "compare the check values of the components with those on paper (posswitch keys list "
            f"has those that wait), then enter again; posswitch keys import {target.typed} "
            "--give-up forgets those that wait"
        )
    if target.algorithm == "T":
        _check_strength(key)


def _check_strength(key: Secret) -> None:
    value = with_odd_parity(key.reveal())
    parts = [value[at : at + 8] for at in range(0, len(value), 8)]
    if len(set(parts)) != len(parts) or WEAK_PARTS.intersection(parts):
        raise KeyCeremonyError(
            "these components give a weak DES key (two parts are alike, or one is known to be "
            "weak): nothing is stored. Next: have new components made"
        )


def _keep(connection: Connection, hsm: Hsm, target: Target, entry: Entry, now: dt.datetime) -> None:
    block = hsm.wrap(entry.value, _component_name(target, entry.number))
    stored = StoredComponent(entry.number, entry.count, block, entry.entered_by)
    check = check_value_of(entry.value, target.algorithm)
    rows.add_component(connection, target.text, stored, check, now)


def _value(hsm: Hsm, target: Target, stored: StoredComponent) -> Secret:
    return hsm.unwrap(stored.block, _component_name(target, stored.number))


def _component_name(target: Target, number: int) -> KeyName:
    return KeyName(purpose="component", owner=target.text, generation=number)


def _store(
    connection: Connection, hsm: Hsm, target: Target, key: Secret, by: str, now: dt.datetime
) -> str:
    is_named = target.purpose in rows.NAMED
    generation = 0 if is_named else rows.next_generation(connection, target.owner)
    return rows.put_key(connection, hsm, target.name(generation), key, by, now)
