-- Who looked through which camera and why, what was asked for and decided, what was taken out.

CREATE TABLE govgrid.access_request (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    account       uuid NOT NULL REFERENCES govgrid.account,
    account_name  text NOT NULL,
    holder        text NOT NULL,
    unit_code     text,
    unit_name     text NOT NULL,
    camera_code   text NOT NULL,
    act           text NOT NULL CHECK (act IN ('view', 'retrieve')),
    reason        text NOT NULL CHECK (reason <> ''),
    content       text NOT NULL DEFAULT '',
    legal_basis   text NOT NULL DEFAULT '',
    incident_code text,
    decision      text CHECK (decision IN ('approved', 'refused')),
    decided_at    timestamptz,
    decided_by    text,
    decision_note text NOT NULL DEFAULT '',
    until         timestamptz
);
COMMENT ON COLUMN govgrid.access_request.until IS 'an approval holds until then';

CREATE TABLE govgrid.access_register (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    account          uuid NOT NULL REFERENCES govgrid.account,
    account_name     text NOT NULL,
    holder           text NOT NULL CHECK (holder <> ''),
    unit_code        text,
    unit_name        text NOT NULL,
    camera_code      text NOT NULL,
    camera_name      text NOT NULL,
    owner_kind       text,
    management_unit  text,
    act              text NOT NULL CHECK (act IN ('view', 'retrieve')),
    reason           text NOT NULL CHECK (reason <> ''),
    content          text NOT NULL CHECK (content <> ''),
    legal_basis      text NOT NULL CHECK (legal_basis <> ''),
    incident_code    text,
    request          uuid REFERENCES govgrid.access_request,
    expires_at       timestamptz NOT NULL
);
COMMENT ON TABLE govgrid.access_register IS 'Decree 799 Art. 16: reason, content, unit and name, written before anything is shown; rows are only added';
CREATE INDEX access_register_at ON govgrid.access_register (at);
CREATE INDEX access_register_camera ON govgrid.access_register (camera_code, at);

CREATE TABLE govgrid.export_register (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    account_name text NOT NULL,
    holder       text NOT NULL,
    unit_name    text NOT NULL,
    what         text NOT NULL,
    form         text NOT NULL,
    area         text NOT NULL DEFAULT '',
    rows         bigint NOT NULL,
    reason       text NOT NULL CHECK (reason <> ''),
    coarsened    boolean NOT NULL DEFAULT false,
    account      uuid REFERENCES govgrid.account
);
COMMENT ON TABLE govgrid.export_register IS 'files, maps and bulk reads that left the system; rows are only added';
CREATE INDEX export_register_at ON govgrid.export_register (at);

CREATE FUNCTION govgrid.register_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a register only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register'] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.register_only_grows()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register', 'access_request'] LOOP
        EXECUTE format('ALTER TABLE govgrid.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own ON govgrid.%I TO govgrid_web USING'
            ' (account = govgrid.told(''account'')::uuid OR govgrid.may(''register'') OR govgrid.may(''approve''))'
            ' WITH CHECK (account = govgrid.told(''account'')::uuid OR govgrid.may(''approve''))', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON govgrid.access_register, govgrid.export_register TO govgrid_web;
GRANT SELECT, INSERT, UPDATE ON govgrid.access_request TO govgrid_web;
