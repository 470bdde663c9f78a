-- Edits over HTTP: the service writes rows of these layers, each as the work of an import run.

CREATE TABLE govgrid.idempotency_key (
    account   text NOT NULL,
    method    text NOT NULL,
    path      text NOT NULL,
    key       text NOT NULL,
    body_hash bytea NOT NULL,
    answer    jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, method, path, key)
);
COMMENT ON TABLE govgrid.idempotency_key IS
    'what a request with a key led to, committed with it: asked for again, it is not done again';
COMMENT ON COLUMN govgrid.idempotency_key.answer IS 'codes, by which it is read again by the rights of the day';
ALTER TABLE govgrid.idempotency_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON govgrid.idempotency_key TO govgrid_web
    USING (account = govgrid.session_setting('account'));
GRANT SELECT, INSERT, UPDATE ON govgrid.idempotency_key TO govgrid_web;

-- Row-level security of cameras and views holds for what is written too: it must lie within grants.
GRANT INSERT, UPDATE, DELETE ON govgrid.camera, govgrid.camera_view, govgrid.place, govgrid.pole,
    govgrid.privacy_zone, govgrid.restricted_zone, govgrid.centre, govgrid.unit, govgrid.unit_duty
TO govgrid_web;
GRANT INSERT, UPDATE ON govgrid.import_run TO govgrid_web;
GRANT INSERT ON govgrid.import_finding, govgrid.import_change, govgrid.import_quarantine,
    govgrid.camera_change
TO govgrid_web;
CREATE POLICY written ON govgrid.camera_change FOR INSERT TO govgrid_web
    WITH CHECK (govgrid.has_action('import'));

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['camera', 'camera_view'] LOOP
        EXECUTE format('CREATE POLICY adding ON govgrid.%I AS RESTRICTIVE FOR INSERT TO govgrid_web'
            ' WITH CHECK (govgrid.has_action(''import''))', name);
        EXECUTE format('CREATE POLICY deleting ON govgrid.%I AS RESTRICTIVE FOR DELETE TO govgrid_web'
            ' USING (govgrid.has_action(''import''))', name);
    END LOOP;
END $$;

-- Areas are edited by who is limited to none of them.
GRANT INSERT, UPDATE, DELETE ON govgrid.area, govgrid.area_nesting, govgrid.area_succession TO govgrid_web;
GRANT USAGE ON SEQUENCE govgrid.area_unit_id TO govgrid_web;
