-- Texts to who has not redeemed what an enterprise gave them.

-- name: save_reminder
-- On from now on, or off.
-- notes: reminder
INSERT INTO reminder AS t (enterprise_id, trigger, days, state, saved_by, saved_at)
VALUES (%(enterprise)s, %(trigger)s, %(days)s, %(state)s, %(by)s, %(now)s)
ON CONFLICT ON CONSTRAINT reminder_once DO UPDATE
    SET
        state = excluded.state,
        saved_by = excluded.saved_by,
        saved_at = excluded.saved_at;

-- name: queue_by_hand
-- Everybody who has not redeemed, of one issue or of all: once on an occasion.
-- notes: staff_reminder
INSERT INTO staff_reminder AS t (enterprise_id, issue_id, place, occasion, next_at, made_at)
SELECT
    g.enterprise_id,
    g.issue_id,
    g.place,
    %(occasion)s::text,
    %(now)s::timestamptz,
    %(now)s::timestamptz
FROM staff_voucher AS g
INNER JOIN card AS c ON g.card_id = c.id
WHERE
    g.enterprise_id = %(enterprise)s
    AND (%(issue)s::bigint IS NULL OR g.issue_id = %(issue)s::bigint)
    AND g.state = 'issued'
    AND c.status = 'claimed'
    AND (c.valid_to IS NULL OR c.valid_to >= %(today)s::date)
ORDER BY g.issue_id, g.place
ON CONFLICT ON CONSTRAINT staff_reminder_once DO NOTHING;

-- name: queue_due
-- By the rules that are on: so many days after it was handed out, or before its batch ends. What
-- was due longer ago than some days, while no host ran, is let be.
-- notes: staff_reminder
INSERT INTO staff_reminder AS t (enterprise_id, issue_id, place, occasion, next_at, made_at)
SELECT
    g.enterprise_id,
    g.issue_id,
    g.place,
    r.trigger || '/' || r.days,
    %(now)s::timestamptz,
    %(now)s::timestamptz
FROM reminder AS r
INNER JOIN staff_issue AS i ON r.enterprise_id = i.enterprise_id
INNER JOIN card_batch AS b ON i.batch_id = b.id
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
INNER JOIN staff_voucher AS g ON i.id = g.issue_id AND g.state = 'issued'
INNER JOIN card AS c ON g.card_id = c.id AND c.status = 'claimed'
WHERE
    r.state = 'on'
    AND coalesce(b.valid_to, v.valid_to, %(today)s::date) >= %(today)s::date
    AND CASE r.trigger
        WHEN 'after_issue'
            THEN
                i.made_at + r.days * interval '24 hours' <= %(now)s::timestamptz
                AND i.made_at + (r.days + %(late)s) * interval '24 hours' > %(now)s::timestamptz
        ELSE coalesce(b.valid_to, v.valid_to) - r.days <= %(today)s::date
    END
    AND NOT EXISTS (
        SELECT FROM staff_reminder AS s
        WHERE
            s.issue_id = g.issue_id
            AND s.place = g.place
            AND s.occasion = r.trigger || '/' || r.days
    )
ORDER BY g.issue_id, g.place
LIMIT %(limit)s
ON CONFLICT ON CONSTRAINT staff_reminder_once DO NOTHING;

-- name: due_reminders
-- The next texts: to whom, and of what; whether it is still theirs to redeem.
SELECT
    s.id,
    s.attempts,
    m.phone_hash,
    m.phone_sealed,
    m.phone_masked,
    i.name,
    coalesce(b.valid_to, v.valid_to) AS valid_to,
    c.status = 'claimed' AND c.member_id = g.member_id AS is_theirs,
    s.issue_id,
    s.place
FROM staff_reminder AS s
INNER JOIN staff_voucher AS g ON s.issue_id = g.issue_id AND s.place = g.place
INNER JOIN staff_issue AS i ON g.issue_id = i.id
INNER JOIN card_batch AS b ON i.batch_id = b.id
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
INNER JOIN card AS c ON g.card_id = c.id
INNER JOIN member AS m ON g.member_id = m.id
WHERE s.state = 'queued' AND s.next_at <= %(now)s
ORDER BY s.next_at, s.id
LIMIT %(limit)s
FOR UPDATE OF s SKIP LOCKED;

-- name: end_reminder
-- Sent, not needed any more, given up, or tried again later.
-- notes: staff_reminder
UPDATE staff_reminder AS t
SET
    state = %(state)s,
    attempts = t.attempts + 1,
    next_at = %(next_at)s,
    sent_at = %(sent_at)s
WHERE t.id = %(id)s;
