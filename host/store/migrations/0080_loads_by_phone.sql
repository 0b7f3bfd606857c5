-- Loads by a phone number: the host finds whose it is, and which cards are theirs.

GRANT SELECT (phone_hash, record_at) ON member TO posswitch_poster;
