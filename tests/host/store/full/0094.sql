-- What a step found open.

INSERT INTO clearing_finding (business_date, step, name, subject, items) VALUES
('2026-10-01', 'completeness', 'batches_open', 'pos/80010001/000001', 12);
