-- Vouchers are handed out to the staff of an enterprise, out of its budget.

-- Which batches an enterprise may hand out, what one costs it, and what people get for it.
CREATE TABLE enterprise_offer (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT enterprise_offer_numbered UNIQUE,
    enterprise_id integer NOT NULL CONSTRAINT enterprise_offer_to REFERENCES enterprise,
    batch_id integer NOT NULL CONSTRAINT enterprise_offer_of REFERENCES card_batch,
    gives text NOT NULL CONSTRAINT enterprise_offer_gives CHECK (gives IN ('goods', 'services')),
    price_minor bigint NOT NULL CONSTRAINT enterprise_offer_price CHECK (price_minor > 0),
    state text NOT NULL CONSTRAINT enterprise_offer_state CHECK (state IN ('offered', 'ended')),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT enterprise_offer_once PRIMARY KEY (enterprise_id, batch_id)
);

-- Vouchers that were handed out at once, by one job: what was spent on it is (planned - refused)
-- times the price.
CREATE TABLE staff_issue (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT staff_issue_once PRIMARY KEY,
    enterprise_id integer NOT NULL CONSTRAINT staff_issue_by REFERENCES enterprise,
    batch_id integer NOT NULL CONSTRAINT staff_issue_of REFERENCES card_batch,
    name text NOT NULL,
    gives text NOT NULL,
    price_minor bigint NOT NULL,
    planned integer NOT NULL CONSTRAINT staff_issue_planned CHECK (planned > 0),
    issued integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    month text NOT NULL,
    job_id bigint CONSTRAINT staff_issue_job REFERENCES job,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT staff_issue_counted CHECK (
        issued >= 0 AND refused >= 0 AND issued + refused <= planned
    )
);
CREATE INDEX staff_issue_of_enterprise ON staff_issue (enterprise_id, id);
CREATE INDEX staff_issue_by_month ON staff_issue (enterprise_id, month);
CREATE INDEX staff_issue_under_way ON staff_issue (id) WHERE issued + refused < planned;

-- One voucher of it: for whom, and what became of it. The department is that of the day.
CREATE TABLE staff_voucher (
    issue_id bigint NOT NULL CONSTRAINT staff_voucher_of REFERENCES staff_issue,
    place integer NOT NULL,
    enterprise_id integer NOT NULL,
    employee_id bigint NOT NULL CONSTRAINT staff_voucher_for REFERENCES employee,
    member_id bigint NOT NULL,
    department text NOT NULL,
    gives text NOT NULL,
    card_id bigint CONSTRAINT staff_voucher_card UNIQUE,
    state text NOT NULL DEFAULT 'waiting',
    why text NOT NULL DEFAULT '',
    issued_at timestamptz,
    CONSTRAINT staff_voucher_once PRIMARY KEY (issue_id, place),
    CONSTRAINT staff_voucher_state CHECK (
        CASE state
            WHEN 'waiting' THEN num_nonnulls(card_id, issued_at) = 0 AND why = ''
            WHEN 'issued' THEN num_nonnulls(card_id, issued_at) = 2 AND why = ''
            WHEN 'refused' THEN num_nonnulls(card_id, issued_at) = 0 AND why <> ''
            ELSE false
        END
    )
);
CREATE INDEX staff_voucher_of_enterprise ON staff_voucher (enterprise_id, issue_id, place);
CREATE INDEX staff_voucher_of_employee ON staff_voucher (employee_id, issue_id, place);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (spent_minor) ON enterprise TO posswitch_office;
GRANT SELECT ON enterprise_offer, staff_issue, staff_voucher TO posswitch_office;
GRANT INSERT (
    enterprise_id, batch_id, gives, price_minor, state, set_by, set_at
) ON enterprise_offer TO posswitch_office;
GRANT UPDATE (
    gives, price_minor, state, set_by, set_at
) ON enterprise_offer TO posswitch_office;
GRANT INSERT (
    enterprise_id, batch_id, name, gives, price_minor, planned, month, made_by, made_at
) ON staff_issue TO posswitch_office;
GRANT UPDATE (issued, refused, job_id) ON staff_issue TO posswitch_office;
GRANT INSERT (
    issue_id, place, enterprise_id, employee_id, member_id, department, gives
) ON staff_voucher TO posswitch_office;
GRANT UPDATE (card_id, state, why, issued_at) ON staff_voucher TO posswitch_office;
-- What a voucher may be redeemed for is asked with it.
GRANT SELECT (card_id, employee_id, gives) ON staff_voucher TO posswitch_poster;
GRANT SELECT (id, enterprise_id, department) ON employee TO posswitch_poster;
GRANT SELECT (enterprise_id, name, may_goods, may_services) ON department TO posswitch_poster;
GRANT SELECT ON enterprise_offer, staff_issue, staff_voucher TO posswitch_auditor;
GRANT SELECT (
    id, enterprise_id, batch_id, gives, price_minor, state, set_by, set_at
) ON enterprise_offer TO posswitch_reader;
GRANT SELECT (
    id, enterprise_id, batch_id, name, gives, price_minor, planned, issued, refused, month, job_id,
    made_by, made_at
) ON staff_issue TO posswitch_reader;
GRANT SELECT (
    issue_id, place, enterprise_id, employee_id, member_id, department, gives, card_id, state, why,
    issued_at
) ON staff_voucher TO posswitch_reader;
