-- Imports that can be held, undone and retried; what was verified beside what the register says.

ALTER TABLE govgrid.import_run
    ADD COLUMN state text NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'held', 'undone')),
    ADD COLUMN held jsonb,
    ADD COLUMN named text,
    ADD COLUMN retry_of bigint REFERENCES govgrid.import_run,
    ADD COLUMN undone_at timestamptz,
    ADD COLUMN undone_by text;
COMMENT ON COLUMN govgrid.import_run.named IS 'the saved source whose declarations were used';
COMMENT ON COLUMN govgrid.import_run.held IS 'why the coordinate system was doubted: evidence and suggestion';

CREATE FUNCTION govgrid.today() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (now() AT TIME ZONE
        coalesce(nullif(current_setting('govgrid.timezone', true), ''), 'Asia/Shanghai'))::date
$$;
COMMENT ON FUNCTION govgrid.today IS 'the day of the district, not of the server';

CREATE TABLE govgrid.import_quarantine (
    import_run bigint NOT NULL REFERENCES govgrid.import_run ON DELETE CASCADE,
    row        integer NOT NULL,
    cells      jsonb NOT NULL,
    solved_by  bigint REFERENCES govgrid.import_run,
    PRIMARY KEY (import_run, row)
);
COMMENT ON TABLE govgrid.import_quarantine IS 'rows that were not taken, as written, without columns of persons';

CREATE TABLE govgrid.import_mapping (
    layer   text NOT NULL,
    source  text NOT NULL,
    options jsonb NOT NULL,
    by_whom text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (layer, source)
);
COMMENT ON TABLE govgrid.import_mapping IS 'what was declared about the files of a named source, to be declared once';

CREATE TABLE govgrid.import_change (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    import_run bigint NOT NULL,
    table_name text NOT NULL,
    key        jsonb NOT NULL,
    before     jsonb
);
COMMENT ON COLUMN govgrid.import_change.before IS 'the row as it was; null where the run brought it in';
-- It grows with every row that is imported and is read only to undo: the cheapest index there is.
CREATE INDEX import_change_run ON govgrid.import_change USING brin (import_run);

-- Remembers what a run changes, so that it can be undone. The run is named by the transaction-local
-- setting govgrid.import_run; where that is empty, nothing is remembered. GeoJSON would round, so
-- geometry is kept as hex EWKB.
CREATE FUNCTION govgrid.remember() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run    bigint := nullif(current_setting('govgrid.import_run', true), '')::bigint;
    pairs  text;
    before text := 'NULL::jsonb';
BEGIN
    IF run IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(format('%L, t.%I', name, name), ', ') INTO pairs
    FROM unnest(string_to_array(TG_ARGV[0], ' ')) AS name;
    IF TG_OP <> 'INSERT' THEN
        SELECT 'to_jsonb(t)' || coalesce(string_agg(format(
            ' || jsonb_build_object(%L, encode(ST_AsEWKB(t.%I), ''hex''))', name, name), ''), '')
        INTO before
        FROM unnest(string_to_array(TG_ARGV[1], ' ')) AS name;
    END IF;
    EXECUTE format(
        'INSERT INTO govgrid.import_change (import_run, table_name, key, before)'
        ' SELECT $1, $2, jsonb_build_object(%s), %s FROM %I t',
        pairs, before, CASE TG_OP WHEN 'INSERT' THEN 'new_rows' ELSE 'old_rows' END)
    USING run, TG_TABLE_NAME;
    RETURN NULL;
END $$;

CREATE FUNCTION govgrid.remember_table(name text, key text, shapes text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format(
            'CREATE TRIGGER remember_%s AFTER %s ON govgrid.%I REFERENCING %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.remember(%L, %L)',
            event, event, name,
            CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows' ELSE 'OLD TABLE AS old_rows' END,
            key, shapes);
    END LOOP;
END $$;

-- What the register says beside what somebody has verified in place.
ALTER TABLE govgrid.camera
    ADD COLUMN reported_geom geometry(Point, 4326),
    ADD COLUMN position_source text NOT NULL DEFAULT 'reported'
        CHECK (position_source IN ('reported', 'verified')),
    ADD COLUMN verified_on date,
    ADD COLUMN area_reported text,
    ADD COLUMN grid_code text;
COMMENT ON COLUMN govgrid.camera.area_reported IS 'the area as the register names it, by code or name';
COMMENT ON COLUMN govgrid.camera.grid_code IS 'where it stands: derived from the place, anew after each import';
COMMENT ON COLUMN govgrid.camera.geom IS 'the verified position, where there is one, else the reported';
UPDATE govgrid.camera SET reported_geom = geom;
ALTER TABLE govgrid.camera_view
    ADD COLUMN reported_heading_deg double precision
        CHECK (reported_heading_deg >= 0 AND reported_heading_deg < 360),
    ADD COLUMN reported_heading_source text,
    ADD COLUMN verified_on date;
COMMENT ON COLUMN govgrid.camera_view.verified_on IS 'since when a survey of the heading holds against the register';
UPDATE govgrid.camera_view
    SET reported_heading_deg = heading_deg, reported_heading_source = heading_source;

CREATE TABLE govgrid.area_succession (
    old_unit_id bigint NOT NULL,
    new_unit_id bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('renumbered', 'merged', 'split', 'redrawn')),
    on_date     date NOT NULL,
    share       double precision NOT NULL,
    import_run  bigint,
    PRIMARY KEY (old_unit_id, new_unit_id, on_date)
);
COMMENT ON COLUMN govgrid.area_succession.share IS 'of the old area''s ground that the new one holds';

CREATE TABLE govgrid.category (
    code text PRIMARY KEY, name text NOT NULL, upper_code text,
    limit_amount double precision CHECK (limit_amount > 0),
    limit_unit text CHECK (limit_unit IN ('working_hours', 'working_days', 'hours', 'days')),
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.calendar (
    day date PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('holiday', 'workday')), name text,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);

SELECT govgrid.remember_table('area', 'id', 'geom');
SELECT govgrid.remember_table('area_succession', 'old_unit_id new_unit_id on_date', '');
SELECT govgrid.remember_table('camera', 'code', 'geom reported_geom');
SELECT govgrid.remember_table('camera_view', 'camera_code no', '');
SELECT govgrid.remember_table('camera_status', 'camera_code since', '');
SELECT govgrid.remember_table('calendar', 'day', '');
SELECT govgrid.remember_table(name, 'code', '')
FROM unnest(ARRAY['unit', 'unit_duty', 'pairing', 'category']) AS name;
SELECT govgrid.remember_table(name, 'code', 'geom')
FROM unnest(ARRAY['building', 'road', 'water', 'farmland', 'privacy_zone', 'restricted_zone',
                  'pole', 'place', 'entrance', 'address', 'centre', 'incident']) AS name;
