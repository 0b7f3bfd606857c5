-- The chain of changes: what a row of a table that decides was made to say, by whom and when.
-- host.store.deciding names these tables; the statement that writes such a row notes it.

-- Numbers come in the order of commits as far as a link is concerned: who notes a change holds this
-- lock shared until the end of its transaction, and who links takes it alone.
CREATE SEQUENCE change_number;
CREATE FUNCTION next_change() RETURNS bigint LANGUAGE sql VOLATILE
RETURN (SELECT nextval('change_number') FROM pg_advisory_xact_lock_shared(34179, 3));

-- All columns of a row, in one form whatever the session's own.
CREATE FUNCTION row_digest(whole anyelement) RETURNS bytea LANGUAGE sql STABLE
SET timezone = 'UTC' SET bytea_output = 'hex'
AS 'SELECT sha256(convert_to(to_jsonb(whole)::text, ''UTF8''))';

-- What a seal covers: from form 2 on the batch's moment, its lots and its exchanges' cards, too.
ALTER TABLE seal
ADD COLUMN form smallint NOT NULL DEFAULT 1,
ADD CONSTRAINT seal_form CHECK (form IN (1, 2));

-- Append-only. digest is null where the row was taken away.
CREATE TABLE change (
    id bigint NOT NULL DEFAULT next_change(),
    relation text NOT NULL,
    key text NOT NULL,
    digest bytea,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL DEFAULT session_user,
    CONSTRAINT change_once PRIMARY KEY (id)
);

-- The hash chain over them, some thousands a link. What is not linked yet is the newest.
CREATE TABLE change_link (
    seq bigint NOT NULL,
    previous bytea NOT NULL,
    digest bytea NOT NULL,
    first_change bigint NOT NULL,
    last_change bigint NOT NULL,
    changes integer NOT NULL CHECK (changes > 0),
    linked_at timestamptz NOT NULL,
    CONSTRAINT change_link_once PRIMARY KEY (seq),
    CONSTRAINT change_link_range CHECK (first_change <= last_change)
);

GRANT USAGE ON SEQUENCE change_number TO posswitch_poster, posswitch_night;
GRANT SELECT ON SEQUENCE change_number TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON change, change_link TO posswitch_poster, posswitch_night;
GRANT SELECT ON change, change_link TO posswitch_poster, posswitch_night, posswitch_reader;
