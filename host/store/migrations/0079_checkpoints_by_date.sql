-- Checkpoints are shown at the office, and found by the date that was open.

CREATE INDEX signed_head_by_date
ON signed_head ((substring(body FROM '\ndate ([0-9-]+)')), number);
