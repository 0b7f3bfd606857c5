-- Points that expired are written off by a posting of the house, card by card.
-- What of a lot stands in the programme's breakage account: a refund of its sale takes it there.
ALTER TABLE lot ADD COLUMN written_off bigint NOT NULL DEFAULT 0
CONSTRAINT lot_written_off CHECK (written_off >= 0 AND written_off <= points);

-- What was left of lots that had expired before this business date has been written off.
CREATE TABLE points_expiry (
    business_date date PRIMARY KEY REFERENCES business_day,
    postings bigint NOT NULL,
    finished_at timestamptz NOT NULL
);

GRANT SELECT ON points_expiry TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON points_expiry TO posswitch_poster;
GRANT UPDATE (written_off) ON lot TO posswitch_poster;
