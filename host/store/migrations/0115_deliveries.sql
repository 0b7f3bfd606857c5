-- Files of released dates are brought to whom they are for: where to, and how each delivery stands.

CREATE TABLE delivery_way (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT delivery_way_numbered PRIMARY KEY,
    merchant_id integer CONSTRAINT delivery_way_of_merchant REFERENCES merchant,
    issuer_id integer CONSTRAINT delivery_way_of_issuer REFERENCES issuer,
    form text NOT NULL CONSTRAINT delivery_way_form
    CHECK (form IN ('csv', 'fixed', 'fixed_summary', 'xlsx')),
    directory text NOT NULL CONSTRAINT delivery_way_directory
    CHECK (
        directory ~ '^/?[0-9A-Za-z_-][0-9A-Za-z._-]*(/[0-9A-Za-z_-][0-9A-Za-z._-]*)*$'
        AND (host IS NOT NULL OR NOT starts_with(directory, '/'))
    ),
    host text CONSTRAINT delivery_way_host CHECK (host ~ '^[0-9A-Za-z][0-9A-Za-z.:-]*$'),
    port integer CONSTRAINT delivery_way_port CHECK (port BETWEEN 1 AND 65535),
    login text CONSTRAINT delivery_way_login CHECK (login ~ '^[0-9A-Za-z_][0-9A-Za-z._@-]*$'),
    host_key text CONSTRAINT delivery_way_host_key
    CHECK (host_key ~ '^[0-9a-z-]+ [0-9A-Za-z+/]+={0,2}$'),
    is_acknowledged boolean NOT NULL,
    is_active boolean NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL CONSTRAINT delivery_way_set_by CHECK (set_by <> ''),
    agreed_by text NOT NULL CONSTRAINT delivery_way_agreed_by
    CHECK (agreed_by <> '' AND agreed_by <> set_by),
    CONSTRAINT delivery_way_of_one CHECK (num_nonnulls(merchant_id, issuer_id) = 1),
    CONSTRAINT delivery_way_whole CHECK (num_nonnulls(host, port, login, host_key) IN (0, 4))
);
CREATE INDEX delivery_way_of_party ON delivery_way (
    coalesce(merchant_id, 0), coalesce(issuer_id, 0), form, id
);

CREATE TABLE delivery (
    business_date date NOT NULL,
    name text NOT NULL,
    way_id integer NOT NULL CONSTRAINT delivery_by_way REFERENCES delivery_way,
    state text NOT NULL CONSTRAINT delivery_state
    CHECK (state IN ('queued', 'sent', 'delivered', 'acknowledged', 'failed', 'cancelled')),
    attempts integer NOT NULL CONSTRAINT delivery_attempts CHECK (attempts >= 0),
    next_at timestamptz NOT NULL,
    last_error text NOT NULL,
    size_bytes bigint CONSTRAINT delivery_size CHECK (size_bytes >= 0),
    sha256 bytea CONSTRAINT delivery_sha256 CHECK (octet_length(sha256) = 32),
    queued_at timestamptz NOT NULL,
    delivered_at timestamptz,
    acknowledged_at timestamptz,
    CONSTRAINT delivery_once PRIMARY KEY (business_date, name, way_id),
    CONSTRAINT delivery_of_file FOREIGN KEY (business_date, name) REFERENCES clearing_file,
    CONSTRAINT delivery_whole CHECK (
        num_nonnulls(size_bytes, sha256, delivered_at) IN (0, 3)
        AND (state NOT IN ('sent', 'delivered', 'acknowledged') OR delivered_at IS NOT NULL)
        AND (state = 'acknowledged') = (acknowledged_at IS NOT NULL)
    )
);
CREATE INDEX delivery_due ON delivery (next_at) WHERE state IN ('queued', 'sent');
CREATE INDEX delivery_of_way ON delivery (way_id);

-- What is not there yet, or not acknowledged where that was asked for.
CREATE INDEX delivery_open ON delivery (
    (state IN ('queued', 'sent', 'failed')), business_date, name, way_id
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON delivery TO posswitch_auditor, posswitch_office, posswitch_night;
GRANT SELECT ON delivery_way TO posswitch_auditor, posswitch_office;
GRANT SELECT (
    id, merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active
) ON delivery_way TO posswitch_night;
GRANT INSERT (
    merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active, set_at, set_by, agreed_by
) ON delivery_way TO posswitch_office;
GRANT UPDATE (state, attempts, next_at) ON delivery TO posswitch_office;
GRANT INSERT (
    business_date, name, way_id, state, attempts, next_at, last_error, queued_at
) ON delivery TO posswitch_night;
GRANT UPDATE (
    state, attempts, next_at, last_error, size_bytes, sha256, delivered_at, acknowledged_at
) ON delivery TO posswitch_night;
GRANT SELECT (
    id, merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active, set_at, set_by, agreed_by
) ON delivery_way TO posswitch_reader;
GRANT SELECT (
    business_date, name, way_id, state, attempts, next_at, last_error, size_bytes, sha256,
    queued_at, delivered_at, acknowledged_at
) ON delivery TO posswitch_reader;
