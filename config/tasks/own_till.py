"""A till of a house of its own: its terminal as the office made it, its master key by components.

So that whoever sets a house up has a till to try before a real one stands there. The components are
those that `posswitch keys generate --to` wrote; a key of another check value is none of its own.
"""

import re
from pathlib import Path
from typing import Final

from psycopg.rows import dict_row

from config.errors import SettingsError, say_nothing
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from host.estate.plan import EstatePlan, IssuerPlan, MerchantPlan, StorePlan, TerminalPlan
from host.hsm.components import combine
from host.hsm.purposes import check_value_of
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm, TerminalFamily
from host.named_files import read_named_text
from host.store.connecting import SHORT, Connection, connect
from host.store.queries import load_queries

SQL: Final = load_queries("config.tasks", "own_till.sql")
NAME: Final = "office"
COMPONENT: Final = re.compile(
    r"^terminal (?P<terminal>\S+), component (?P<number>\d+) of (?P<count>\d+)\n"
    r"(?P<value>[0-9A-F ]+)\n"
)
"""How a component is written down."""


def own_estate(data: Path, settings: Path | None, terminal: str, components: Path) -> EstatePlan:
    """The terminal of a data directory with its store and its merchant, and nothing else.

    Raises:
        OperatorError: there is no such terminal, or these are not the components of its key.
    """
    places, told = house_and_settings(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=say_nothing),
        connect(dsn_of("audit", told.database, places.cluster), SHORT) as connection,
    ):
        return _read(connection, terminal, _combined(terminal, components))


def _read(connection: Connection, terminal: str, tmk: Secret) -> EstatePlan:
    row = connection.execute(SQL["own_terminal"], {"terminal": terminal}).fetchone()
    if row is None:
        raise SettingsError(
            f"there is no terminal {terminal} here, or it has no master key. Next: "
            f"posswitch show terminals, posswitch keys generate {terminal} --to DIR",
            "E-SIMULATOR",
        )
    epoch, algorithm, family, check_value, store, shop, merchant, merchant_id, name = row
    if check_value != check_value_of(tmk, "T"):
        raise SettingsError(
            f"the components make a key with another check value than {terminal} has. Next: "
            f"posswitch keys list {terminal} shows it; name the directory of its newest components",
            "E-SIMULATOR",
        )
    issuers = connection.cursor(row_factory=dict_row).execute(SQL["own_issuers"]).fetchall()
    plan = TerminalPlan(
        terminal_id=terminal,
        store_id=store,
        epoch=epoch,
        tmk=tmk,
        mac_algorithm=MacAlgorithm(algorithm),
        family=TerminalFamily(family),
    )
    return EstatePlan(
        name=NAME,
        issuers=tuple(IssuerPlan(**one) for one in issuers),
        programmes=(),
        merchants=(MerchantPlan(id=merchant, merchant_id=merchant_id, name=name, issuer_ids=()),),
        stores=(StorePlan(id=store, merchant_id=merchant, name=shop),),
        terminals=(plan,),
        cards=(),
    )


def _combined(terminal: str, directory: Path) -> Secret:
    """The key of all components that lie there.

    Raises:
        SettingsError: one is missing, or is none.
    """
    files = sorted(directory.glob(f"{terminal}-component-*.txt"))
    found = [COMPONENT.match(read_named_text(file)) for file in files]
    counts = {int(one["count"]) for one in found if one is not None}
    is_whole = counts == {len(found)} and all(one and one["terminal"] == terminal for one in found)
    if not is_whole:
        raise SettingsError(
            f"{directory} has not all components of {terminal}'s master key. Next: name the "
            f"directory that posswitch keys generate {terminal} --to DIR wrote them to",
            "E-SIMULATOR",
        )
    return combine([Secret.from_hex(one["value"].replace(" ", "")) for one in found if one])
