-- A step that was taken since steps keep digests.

INSERT INTO clearing_run (business_date, started_at) VALUES
('2026-10-01', '2026-10-02 00:00:01.249944+00');

INSERT INTO clearing_step (
    business_date, step, finished_at, detail, read_digest, left_digest
) VALUES (
    '2026-10-01', 'cut_off', '2026-10-02 00:00:01.253638+00', 'the next business date is open',
    sha256('read'), sha256('left')
);
