-- What the cameras see and miss. Geometry here is derived: it has the database's metric SRID.

CREATE TABLE govgrid.coverage_run (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    computed_at   timestamptz NOT NULL DEFAULT now(),
    inputs_hash   text NOT NULL,
    assumptions   jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE govgrid.viewshed (
    camera_code  text NOT NULL,
    view_no      smallint NOT NULL,
    detail       integer NOT NULL,
    certainty    text NOT NULL CHECK (certainty IN ('certain', 'expected', 'possible')),
    inputs_hash  text NOT NULL,
    geom         geometry(Geometry) NOT NULL,
    PRIMARY KEY (camera_code, view_no, detail, certainty)
);
CREATE INDEX viewshed_geom ON govgrid.viewshed USING gist (geom);

CREATE TABLE govgrid.area_coverage (
    coverage_run         bigint NOT NULL REFERENCES govgrid.coverage_run ON DELETE CASCADE,
    area_code            text NOT NULL,
    level                text NOT NULL,
    device_set           text NOT NULL CHECK (device_set IN ('all', 'skynet', 'social', 'online')),
    detail               integer NOT NULL,
    certainty            text NOT NULL CHECK (certainty IN ('certain', 'expected', 'possible')),
    area_m2              double precision NOT NULL,
    open_ground_m2       double precision NOT NULL,
    demand_m2            double precision NOT NULL,
    covered_demand_m2    double precision NOT NULL,
    covered_demand_share double precision,
    covered_area_m2      double precision NOT NULL,
    covered_share        double precision,
    k_area_m2            double precision[] NOT NULL,
    obstacles_known      boolean NOT NULL,
    PRIMARY KEY (coverage_run, level, area_code, device_set, detail, certainty)
);
COMMENT ON COLUMN govgrid.area_coverage.k_area_m2 IS 'index 1 = unseen, 2 = seen by one device, …';
COMMENT ON COLUMN govgrid.area_coverage.obstacles_known IS 'false: no building loaded here, figures are an upper bound';

CREATE TABLE govgrid.gap (
    coverage_run bigint NOT NULL REFERENCES govgrid.coverage_run ON DELETE CASCADE,
    device_set   text NOT NULL,
    detail       integer NOT NULL,
    certainty    text NOT NULL,
    rank         integer NOT NULL,
    grid_code    text NOT NULL,
    area_m2      double precision NOT NULL,
    weight       double precision NOT NULL,
    road_m       double precision NOT NULL,
    entrances    integer NOT NULL,
    incidents    integer NOT NULL,
    geom         geometry(Geometry) NOT NULL,
    PRIMARY KEY (coverage_run, device_set, detail, certainty, rank)
);
CREATE INDEX gap_geom ON govgrid.gap USING gist (geom);
