-- One clock: what domains call "now" may be set for a transaction (base/clock on test homes).

CREATE FUNCTION govgrid.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('govgrid.clock', true), '')::timestamptz, clock_timestamp())
$$;
COMMENT ON FUNCTION govgrid.now IS
    'the present moment of the district; accounts, sessions and the audit use real time';

CREATE OR REPLACE FUNCTION govgrid.today() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (govgrid.now() AT TIME ZONE
        coalesce(nullif(current_setting('govgrid.timezone', true), ''), 'Asia/Shanghai'))::date
$$;

ALTER TABLE govgrid.import_run ALTER COLUMN at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.import_mapping ALTER COLUMN at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.coverage_run ALTER COLUMN computed_at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.camera_change ALTER COLUMN at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.access_request ALTER COLUMN asked_at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.access_register ALTER COLUMN at SET DEFAULT govgrid.now();
ALTER TABLE govgrid.dispatch ALTER COLUMN dispatched_at SET DEFAULT govgrid.now();
GRANT EXECUTE ON FUNCTION govgrid.now TO PUBLIC;
