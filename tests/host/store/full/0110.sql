-- The files of a date that was released are out.

INSERT INTO clearing_handed_out (business_date, handed_out_at)
VALUES ('2026-10-01', '2026-10-02 01:05:00+00');
