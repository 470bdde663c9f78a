-- Places of past incidents as a run of coverage took them, and seen open ground beside all seen ground.

ALTER TABLE govgrid.coverage_run ADD COLUMN incidents_until timestamptz;
COMMENT ON COLUMN govgrid.coverage_run.incidents_until IS
    'when demand_incident was taken; what is reported later changes no figure of the run';

CREATE TABLE govgrid.demand_incident (
    run    bigint NOT NULL REFERENCES govgrid.coverage_run ON DELETE CASCADE,
    place  geometry(Point, 4326) NOT NULL,
    weight double precision NOT NULL DEFAULT 1
);
CREATE INDEX demand_incident_run ON govgrid.demand_incident (run);
COMMENT ON TABLE govgrid.demand_incident IS
    'places alone, of the newest run: all that coverage takes from incidents';

ALTER TABLE govgrid.area_coverage ADD COLUMN covered_open_ground_m2 double precision;
COMMENT ON COLUMN govgrid.area_coverage.covered_open_ground_m2 IS
    'of it covered_share is the part of open_ground_m2; empty in runs older than the column';
COMMENT ON COLUMN govgrid.area_coverage.obstacles_known IS
    'false: where no building is loaded something must be seen or is looked at, figures are an upper bound';
