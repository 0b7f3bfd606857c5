-- A date that somebody else released.

INSERT INTO clearing_step (
    business_date, step, finished_at, detail, read_digest, left_digest, taken_by
) VALUES (
    '2026-10-01', 'files', '2026-10-02 00:00:02.253638+00', '4 files', sha256('read'),
    sha256('files'), 'zhang'
);

INSERT INTO clearing_release (
    business_date, released_by, released_at, payable_minor, unit, files_digest, taken_by
) VALUES (
    '2026-10-01', 'li', '2026-10-02 01:00:00+00', 81220, 'CNY', sha256('files'), '{zhang}'
);
