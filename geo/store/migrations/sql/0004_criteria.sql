-- Official criteria beside the areas, gaps that an edit can replace grid by grid, states of cameras, privacy zones.

ALTER TABLE govgrid.coverage_run
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN amended_at timestamptz;
COMMENT ON COLUMN govgrid.coverage_run.revision IS '1 as computed; one more for each edit that amended its figures';

-- One of the usual densities, observe, is 62.5 px/m.
ALTER TABLE govgrid.viewshed ALTER COLUMN detail TYPE double precision;
ALTER TABLE govgrid.area_coverage ALTER COLUMN detail TYPE double precision;
ALTER TABLE govgrid.gap ALTER COLUMN detail TYPE double precision;

ALTER TABLE govgrid.area_coverage
    ADD COLUMN sliver_m2 double precision NOT NULL DEFAULT 0,
    ADD COLUMN places integer, ADD COLUMN places_seen double precision,
    ADD COLUMN entrances integer, ADD COLUMN entrances_seen double precision,
    ADD COLUMN junctions integer, ADD COLUMN junctions_seen double precision,
    ADD COLUMN crossings integer, ADD COLUMN crossings_seen double precision,
    ADD COLUMN road_m double precision, ADD COLUMN road_seen_m double precision,
    ADD COLUMN longest_blind_m double precision;

-- Ranks change with every edit, so they are counted when gaps are read.
ALTER TABLE govgrid.gap DROP CONSTRAINT gap_pkey, DROP COLUMN rank;
ALTER TABLE govgrid.gap ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
CREATE INDEX gap_grid ON govgrid.gap (coverage_run, device_set, detail, certainty, grid_code);

CREATE TABLE govgrid.camera_status (
    camera_code text NOT NULL REFERENCES govgrid.camera ON DELETE CASCADE ON UPDATE CASCADE,
    status      text NOT NULL CHECK (status IN ('online', 'offline', 'unknown')),
    since       timestamptz NOT NULL,
    import_run  bigint,
    PRIMARY KEY (camera_code, since)
);

ALTER TABLE govgrid.camera_view ADD COLUMN focal_mm double precision CHECK (focal_mm > 0);
ALTER TABLE govgrid.camera_view ADD COLUMN sensor_w_mm double precision CHECK (sensor_w_mm > 0);

CREATE TABLE govgrid.privacy_zone (LIKE govgrid.water INCLUDING ALL);
