-- Areas with their versions, and what the database as a whole has decided.

CREATE TABLE govgrid.setting (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);
COMMENT ON TABLE govgrid.setting IS 'one row a decision of the whole database: metric_srid, …';

CREATE SEQUENCE govgrid.area_unit_id;

CREATE TABLE govgrid.area (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id        bigint NOT NULL DEFAULT nextval('govgrid.area_unit_id'),
    code           text NOT NULL CHECK (code <> ''),
    level          text NOT NULL CHECK (level IN ('district', 'township', 'community', 'grid')),
    kind           text,
    name           text NOT NULL,
    local_code     text,
    parent_unit_id bigint,
    parent_given   text,
    path           ltree NOT NULL,
    valid          daterange NOT NULL DEFAULT daterange(NULL, NULL),
    geom           geometry(MultiPolygon, 4326) NOT NULL,
    attributes     jsonb NOT NULL DEFAULT '{}',
    import_run     bigint,
    CONSTRAINT area_one_version_at_a_time EXCLUDE USING gist (unit_id WITH =, valid WITH &&),
    CONSTRAINT area_one_code_at_a_time
        EXCLUDE USING gist (level WITH =, code WITH =, valid WITH &&)
);
COMMENT ON COLUMN govgrid.area.unit_id IS 'stays the same over the versions of one area';
COMMENT ON COLUMN govgrid.area.parent_given IS 'the parent''s code as the file gave it; by place where none';
COMMENT ON COLUMN govgrid.area.path IS 'unit_ids from the district down to this area';
COMMENT ON COLUMN govgrid.area.geom IS 'as given, lon/lat; derived geometry is in the metric SRID';

CREATE INDEX area_geom ON govgrid.area USING gist (geom);
CREATE INDEX area_path ON govgrid.area USING gist (path);

CREATE VIEW govgrid.area_now AS
    SELECT * FROM govgrid.area WHERE valid @> CURRENT_DATE;
