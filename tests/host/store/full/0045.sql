-- An approval that waits, with what was typed in with it and what it would do.

INSERT INTO approval (
    id, action, subject_kind, subject_key, issuer_id, asked, sealed, foretold, digest, seen,
    asked_by, asked_as, asked_at, expires_at
) VALUES
(
    nextval('approval_number'), 'card_batch.export', 'card_batch', 'CB-1', 1, '{"batch": "CB-1"}',
    '\x0102', '{"cards": 3}', '\x0e', '00', 1, 1, '2026-11-26 09:12:00+00',
    '2026-11-29 09:12:00+00'
);
