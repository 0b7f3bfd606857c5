-- Each filter of a view finds its rows in the order of the page.

-- Names begin with what was typed: in the order of their letters' numbers that is one range.
ALTER TABLE person ALTER COLUMN name TYPE text COLLATE "C";
ALTER TABLE merchant ALTER COLUMN name TYPE text COLLATE "C";
ALTER TABLE store ALTER COLUMN name TYPE text COLLATE "C";
CREATE INDEX store_by_name ON store (name, id);

-- History is read from its end.
DROP INDEX history_by_person;
DROP INDEX history_by_action;
DROP INDEX history_by_subject;
DROP INDEX history_by_issuer;
DROP INDEX history_by_merchant;
DROP INDEX history_by_store;
DROP INDEX history_by_member;
CREATE INDEX history_by_person ON history (person_id, at, id);
CREATE INDEX history_by_action ON history (action, at, id);
CREATE INDEX history_by_kind ON history (subject_kind, at, id);
CREATE INDEX history_by_key ON history (subject_key, at, id);
CREATE INDEX history_by_issuer ON history (issuer_id, at, id);
CREATE INDEX history_by_merchant ON history (merchant_id, at, id);
CREATE INDEX history_by_store ON history (store_id, at, id);
CREATE INDEX history_by_member ON history (member_id, at, id);
