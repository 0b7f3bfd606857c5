-- The audit's questions about statements. As in audit.sql, each statement gives the rows that break
-- its rule.

-- name: statement_not_its_parts
-- Each is what the parts of its date come to, of every date whose night drew any up.
WITH told AS (
    SELECT
        statement_of_parts.*,
        clearing_step.step IS NOT NULL AS is_due
    FROM statement_of_parts
    LEFT JOIN clearing_step
        ON
            clearing_step.business_date = statement_of_parts.business_date
            AND clearing_step.step = 'statements'
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    kept.payable_minor AS kept_minor,
    told.payable_minor AS told_minor
FROM settlement_statement AS kept
FULL JOIN told USING (business_date, merchant_id, issuer_id)
WHERE
    (kept.items IS NOT NULL OR told.is_due)
    AND (
        kept.place, kept.unit, kept.items, kept.turnover_minor, kept.returned_minor,
        kept.alliance_minor, kept.points_taken, kept.points_earned, kept.merchant_fee_minor,
        kept.issuer_fee_minor, kept.payable_minor, kept.corrected_minor, kept.reserved_minor,
        kept.advertised_minor
    ) IS DISTINCT FROM (
        told.place, told.unit, told.items, told.turnover_minor, told.returned_minor,
        told.alliance_minor, told.points_taken, told.points_earned, told.merchant_fee_minor,
        told.issuer_fee_minor, told.payable_minor, told.corrected_minor, told.reserved_minor,
        told.advertised_minor
    )
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;
