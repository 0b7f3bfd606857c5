"""A voucher handed out by an enterprise, to staff of a department that may have services alone."""

from host.model.voucher_codes import VoucherCode
from tests.host.conftest import Till

MEMBER = 7001


def give_to_staff(till: Till, code: VoucherCode) -> None:
    """It stands for goods, which they may not have; one more for the same person each time."""
    if not till.sql("SELECT FROM employee WHERE member_id = %s", MEMBER):
        _employ(till)
    [(enterprise, employee)] = till.sql("SELECT enterprise_id, id FROM employee")
    [(issue,)] = till.sql(
        "INSERT INTO staff_issue (enterprise_id, batch_id, name, gives, price_minor, planned,"
        " month, made_by, made_at) SELECT %s, max(id), 'May', 'goods', 1, 1, '2026-05', 'hr', now()"
        " FROM card_batch RETURNING id",
        enterprise,
    )
    till.sql(
        "INSERT INTO staff_voucher (issue_id, place, enterprise_id, employee_id, member_id,"
        " department, gives, card_id, state, issued_at)"
        " SELECT %s, 1, %s, %s, %s, 'Sales', 'goods', max(id), 'issued', now()"
        " FROM card WHERE pan_masked = %s",
        issue, enterprise, employee, MEMBER, code.masked,
    )  # fmt: skip


def _employ(till: Till) -> None:
    [(enterprise,)] = till.sql(
        "INSERT INTO enterprise (code, issuer_id, name, contact, made_by, made_at)"
        " VALUES ('ACME', 1, 'Acme', 'hr', 'wu', now()) RETURNING id"
    )
    till.sql(
        "INSERT INTO department (enterprise_id, name, may_goods) VALUES (%s, 'Sales', false)",
        enterprise,
    )
    till.sql(
        "INSERT INTO member (id, phone_hash, phone_sealed, phone_masked, made_by, made_at)"
        " VALUES (%s, 'y', 'y', 'y', 'li', now())",
        MEMBER,
    )
    till.sql(
        "INSERT INTO employee (enterprise_id, code, name, member_id, phone_masked, department,"
        " saved_by, saved_at) VALUES (%s, 'E1', 'Wang', %s, 'y', 'Sales', 'hr', now())",
        enterprise,
        MEMBER,
    )


def take_back(till: Till) -> None:
    """Nobody has handed out anything: no budget was spent on it, which an audit would tell."""
    for table in ("staff_voucher", "staff_issue", "employee", "department", "enterprise"):
        till.sql(f"DELETE FROM {table}")
    till.sql("DELETE FROM member WHERE id = %s", MEMBER)
