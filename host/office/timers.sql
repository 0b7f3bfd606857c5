-- What the clock ends and clears of the office: some rows at a time, the oldest first.

-- name: clear_forms
-- Nobody sends a form again after so long.
-- notes: once_key
DELETE FROM once_key AS t
USING (
    SELECT
        person_id,
        key
    FROM once_key
    WHERE at < %(before)s
    ORDER BY at
    LIMIT %(limit)s
) AS o
WHERE t.person_id = o.person_id AND t.key = o.key;

-- name: clear_sessions
-- Ended by themselves long ago.
-- notes: session
DELETE FROM session AS t
USING (
    SELECT token_hash FROM session
    WHERE expires_at < %(before)s
    ORDER BY expires_at
    LIMIT %(limit)s
) AS o
WHERE t.token_hash = o.token_hash;

-- name: clear_step_ups
-- Codes that nobody gave.
-- notes: step_up
DELETE FROM step_up AS t
USING (
    SELECT
        session_hash,
        digest
    FROM step_up
    WHERE asked_at < %(before)s
    ORDER BY asked_at
    LIMIT %(limit)s
) AS o
WHERE t.session_hash = o.session_hash AND t.digest = o.digest;

-- name: clear_phone_codes
-- Nobody typed them in time.
-- notes: phone_code
DELETE FROM phone_code AS t
USING (
    SELECT
        phone_hash,
        sent_for
    FROM phone_code
    WHERE sent_at < %(before)s
    ORDER BY sent_at
    LIMIT %(limit)s
) AS o
WHERE t.phone_hash = o.phone_hash AND t.sent_for = o.sent_for;

-- name: clear_invitations
-- Used, or not good any more.
-- notes: invitation
DELETE FROM invitation AS t
USING (
    SELECT token_hash FROM invitation
    WHERE expires_at < %(before)s
    ORDER BY expires_at
    LIMIT %(limit)s
) AS o
WHERE t.token_hash = o.token_hash;

-- name: clear_tries
-- Wrong activation passwords that count no more.
-- notes: code_try
DELETE FROM code_try AS t
USING (
    SELECT source FROM code_try
    WHERE began_at < %(before)s
    ORDER BY began_at
    LIMIT %(limit)s
) AS o
WHERE t.source = o.source;

-- name: leaving
-- Members whose time to come back is over, and who have nothing left.
SELECT m.id
FROM member AS m
WHERE
    m.state = 'closing'
    AND m.closing_at < %(before)s
    AND NOT EXISTS (
        SELECT
        FROM card AS c
        INNER JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id
        WHERE
            c.member_id = m.id
            AND c.status NOT IN ('voided', 'replaced')
            AND (p.posted_minor <> 0 OR p.held_minor <> 0)
    )
    AND NOT EXISTS (SELECT FROM gift AS g WHERE g.sender_id = m.id AND g.state = 'reserved')
ORDER BY m.id
LIMIT %(limit)s
FOR UPDATE OF m SKIP LOCKED;

-- name: unbind
-- Nobody's any more.
-- notes: card
UPDATE card AS t SET member_id = NULL
WHERE t.member_id = %(id)s;

-- name: forget_gifts
-- What they wrote, and by what they were found as who gets one: one that waits for them nobody
-- claims any more, and the clock gives it back. How much it was, and between whom, stays.
-- notes: gift
UPDATE gift AS t
SET
    wish = '',
    from_name = CASE WHEN t.sender_id = %(id)s THEN '' ELSE t.from_name END,
    phone_masked = CASE WHEN t.phone_hash = m.phone_hash THEN '' ELSE t.phone_masked END,
    phone_hash = CASE
        WHEN t.phone_hash = m.phone_hash
            THEN sha256(convert_to('gone/' || t.journal_id::text, 'UTF8'))
        ELSE t.phone_hash
    END
FROM member AS m
WHERE
    m.id = %(id)s
    AND (t.sender_id = m.id OR t.receiver_id = m.id OR t.phone_hash = m.phone_hash);

-- name: end_pickups
-- Nobody came, or a till has taken the voucher since.
-- notes: pickup
UPDATE pickup AS t SET state = 'called_off', ended_at = %(now)s
WHERE
    t.id IN (
        SELECT p.id
        FROM pickup AS p
        WHERE p.ended_at IS NULL AND p.due_at < %(before)s
        ORDER BY p.due_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    );

-- name: forget_letters
-- What they wrote and what was written to them; that it was stays.
-- notes: letter
UPDATE letter AS t SET title = '', body = ''
WHERE t.member_id = %(id)s;

-- name: forget_member
-- What said who they were is gone, with each record that others keep of them; what was posted
-- stays.
-- notes: member
UPDATE member AS t
SET
    state = 'closed',
    closing_at = NULL,
    name = '',
    phone_masked = '',
    phone_sealed = '',
    phone_hash = sha256(convert_to('closed/' || t.id::text, 'UTF8'))
WHERE
    t.id = %(id)s
    OR t.phone_hash = (
        SELECT m.phone_hash FROM member AS m WHERE m.id = %(id)s AND m.record_at = ''
    );
