-- A job that was refused, in both languages.

INSERT INTO job (
    id, action, subject_kind, subject_key, plan, state, total, asked_by, asked_at, ended_at, error,
    error_zh
)
SELECT
    nextval('job_number'),
    'pay.scan',
    'card',
    '11',
    '{}',
    'failed',
    1,
    min(p.id),
    '2026-11-27 09:00:00+00',
    '2026-11-27 09:00:01+00',
    'E-SHORT: there is not enough',
    '余额不足'
FROM person AS p;
