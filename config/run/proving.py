"""Proves the ledger of this house by its own public keys, for the office of a running host."""

import datetime as dt
import tempfile

from clearing.export import Dates, export_ledger
from clearing.night import ClearingError
from clearing.proof import Fault, Writer, lines_of, verify
from config.places import Places
from config.run.behind import have_step_behind
from config.run.heads import read_public_keys
from host.office.proofs import BadRowError, NothingSignedError, Proof, Proves
from host.store.connecting import LONG, connect


def prover(dsn: str, places: Places) -> Proves:
    """What proves it by an export of its own, which is gone when it is read. `dsn` reads all.

    The export is on the disk that has room for what the house keeps, and not in memory; what reads
    it out of the database steps behind trade.

    Raises:
        BadRowError, NothingSignedError: when it is called.
        OSError: there is no room for the export.
    """

    def prove(first: dt.date | None, last: dt.date | None) -> Proof:
        keys = read_public_keys(places)
        if not keys:
            raise NothingSignedError
        with tempfile.TemporaryFile(dir=places.data) as export:
            try:
                with connect(dsn, LONG) as connection:
                    dates = Dates(first, last)
                    export_ledger(have_step_behind(connection), dates, Writer(export.write))
                export.seek(0)
                proved = verify(lines_of(export.readline), keys)
            except ClearingError as error:
                raise NothingSignedError from error
            except Fault as fault:
                raise BadRowError(fault.line, fault.what) from fault
        return Proof(
            upto=proved.last.number,
            checkpoints=proved.heads,
            seals=proved.seals,
            rows=proved.rows,
            links=proved.links,
            changes=proved.changes,
        )

    return prove
