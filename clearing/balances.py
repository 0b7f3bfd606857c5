"""The trial balance, and the checkpoint that the next night starts from.

Every entry has a debit and a credit of the same amount, so a unit can only be out of balance
when an account is missing or keeps another unit. What the trial balance adds is that stored
balances equal their entries. It costs what the date costs, not what history costs: a balance
is its last checkpoint and the entries since.
"""

from clearing.night import ClearingError, Night
from host.model.money import Money


def trial_balance(night: Night) -> str:
    """Store the date's turnover and check that the books balance; on a repeat, compare.

    Raises:
        ClearingError: a unit is out of balance, a stored balance is not its entries, or the
            ledger of a closed date has changed.
    """
    night.sum_up()
    if not night.is_repeat:
        night.run("insert_trial_balance")
    elif night.rows("changed_turnover"):
        raise _error(night, "its turnover is no longer what it was when it was cleared")
    turnover = night.rows("turnover_by_unit")
    for row in turnover:
        debit, credit = row["debit_minor"], row["credit_minor"]
        if debit != credit:
            unit = row["unit"]
            both = f"debits of {Money(debit, unit)} and credits of {Money(credit, unit)}"
            raise _error(night, f"{unit} has {both}")
    wrong = night.rows("wrong_balances")
    if wrong:
        first = wrong[0]
        unit = first["unit"]
        raise _error(
            night,
            f"account {first['account_id']} holds {Money(first['posted_minor'], unit)} and its "
            f"entries make {Money(first['entries_minor'], unit)}",
        )
    return ", ".join(str(Money(row["debit_minor"], row["unit"])) for row in turnover) or "no trade"


def checkpoint(night: Night) -> str:
    """Keep the balance of every account that moved, and each shard's last seal."""
    night.sum_up()
    if not night.is_repeat:
        night.run("insert_checkpoints")
        night.run("insert_checkpoint_seals")
    counts = night.row("count_checkpoints")
    assert counts is not None, "a count always has a row"
    return f"{counts['accounts']} accounts, {counts['shards']} seals"


def _error(night: Night, what: str) -> ClearingError:
    return ClearingError(
        f"the trial balance of {night.business_date} does not hold: {what}. No file was written "
        "for it. Run `posswitch audit` to find the row; pay nothing before it is explained"
    )
