-- A file that was sent, one that was made and taken, and what was let out by whom.

INSERT INTO office_file (
    kind, name, person_id, issuer_id, merchant_id, store_id, state, bytes, sha256, password_sealed,
    made_at, expires_at
) VALUES
(
    'import', 'members.csv', 1, NULL, 1, 1, 'ready', 10, '\x5ea1ed31', NULL,
    '2026-10-01 12:00:00+00', '2026-10-05 12:00:00+00'
),
(
    'export', 'cards.xlsx', 1, 1, NULL, NULL, 'making', 0, NULL, '\x5ea1ed32',
    '2026-10-01 12:00:00+00', '2026-10-05 12:00:00+00'
);

INSERT INTO office_file_piece (file_id, number, sealed) VALUES (1, 1, '\x5ea1ed33');

INSERT INTO disclosure (
    at, kind, person_id, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id,
    what, values_shown, has_secrets, recipient, purpose, released_by, file_id, downloads,
    downloaded_at
) VALUES
(
    '2026-10-01 12:00:00+00', 'export', 1, 'card_batch', 'CB-2026-0001', 1, 1, 1, 1,
    'card numbers and activation passwords', 3, true, 'printer', 'to be printed', 'bo', 2, 1,
    '2026-10-01 12:05:00+00'
);
