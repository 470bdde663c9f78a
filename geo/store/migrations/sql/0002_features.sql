-- What stands in the areas: equipment, obstacles, lines, places, units, matters; and where each came from.

CREATE TABLE govgrid.import_run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer        text NOT NULL,
    source       text NOT NULL,
    file_sha256  text NOT NULL,
    options      jsonb NOT NULL DEFAULT '{}',
    by_whom      text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    read         integer NOT NULL,
    inserted     integer NOT NULL,
    updated      integer NOT NULL,
    unchanged    integer NOT NULL,
    quarantined  integer NOT NULL
);

CREATE TABLE govgrid.import_finding (
    import_run bigint NOT NULL REFERENCES govgrid.import_run ON DELETE CASCADE,
    row        integer NOT NULL,
    "column"   text NOT NULL,
    code       text NOT NULL,
    severity   text NOT NULL CHECK (severity IN ('error', 'warning', 'note')),
    value      text NOT NULL,
    suggested  text NOT NULL,
    facts      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX import_finding_run ON govgrid.import_finding (import_run);

CREATE TABLE govgrid.camera (
    code              text PRIMARY KEY,
    local_code        text,
    site              text,
    name              text NOT NULL,
    owner_kind        text CHECK (owner_kind IN ('skynet', 'social')),
    point_class       text,
    legal_basis       text,
    form              text CHECK (form IN ('fixed', 'dome', 'ptz', 'panoramic', 'multi')),
    indoor            boolean,
    supply_light      text,
    mount_height_m    double precision,
    connection        text CHECK (connection IN ('online', 'offline', 'unknown')),
    status            text CHECK (status IN ('in_use', 'repair', 'removed')),
    networked         boolean,
    address           text,
    retention_days    integer,
    filing_no         text,
    sign_present      boolean,
    installed_on      date,
    build_phase       text,
    management_unit   text,
    maintenance_unit  text,
    duty_phone        text,
    position_sigma_m  double precision,
    geom              geometry(Point, 4326) NOT NULL,
    attributes        jsonb NOT NULL DEFAULT '{}',
    import_run        bigint
);
CREATE INDEX camera_geom ON govgrid.camera USING gist (geom);

CREATE TABLE govgrid.camera_view (
    camera_code    text NOT NULL REFERENCES govgrid.camera ON DELETE CASCADE ON UPDATE CASCADE,
    no             smallint NOT NULL,
    heading_deg    double precision CHECK (heading_deg >= 0 AND heading_deg < 360),
    heading_source text NOT NULL CHECK (heading_source IN ('surveyed', 'parsed', 'rounded8', 'unknown')),
    hfov_deg       double precision CHECK (hfov_deg > 0 AND hfov_deg <= 360),
    vfov_deg       double precision,
    tilt_deg       double precision,
    res_h_px       integer,
    range_m        double precision CHECK (range_m >= 0),
    PRIMARY KEY (camera_code, no)
);

CREATE TABLE govgrid.building (
    code text PRIMARY KEY, name text, kind text, height_m double precision,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.road (
    code text PRIMARY KEY, name text, class text NOT NULL, width_m double precision,
    geom geometry(MultiLineString, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.water (
    code text PRIMARY KEY, name text, kind text,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.farmland (LIKE govgrid.water INCLUDING ALL);
CREATE TABLE govgrid.place (
    code text PRIMARY KEY, name text NOT NULL, kind text NOT NULL,
    weight double precision, radius_m double precision,
    geom geometry(Point, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.entrance (
    code text PRIMARY KEY, name text, place_code text, kind text,
    geom geometry(Point, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.address (
    code text PRIMARY KEY, name text NOT NULL, kind text NOT NULL, alias text,
    geom geometry(Point, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.unit (
    code text PRIMARY KEY, name text NOT NULL, kind text, area_code text,
    duty_post text, duty_phone text,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.unit_duty (
    code text PRIMARY KEY, unit_code text NOT NULL, area_code text NOT NULL, category text,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE INDEX unit_duty_area ON govgrid.unit_duty (area_code);
CREATE TABLE govgrid.centre (
    code text PRIMARY KEY, name text NOT NULL, level text, area_code text, address text,
    duty_post text, duty_phone text,
    geom geometry(Point, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE TABLE govgrid.incident (
    code text PRIMARY KEY, title text NOT NULL, category text, description text, source text,
    state text, occurred_at timestamptz, reported_at timestamptz, closed_at timestamptz,
    accuracy_m double precision, address text,
    geom geometry(Point, 4326),
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);

CREATE INDEX building_geom ON govgrid.building USING gist (geom);
CREATE INDEX road_geom ON govgrid.road USING gist (geom);
CREATE INDEX water_geom ON govgrid.water USING gist (geom);
CREATE INDEX farmland_geom ON govgrid.farmland USING gist (geom);
CREATE INDEX place_geom ON govgrid.place USING gist (geom);
CREATE INDEX entrance_geom ON govgrid.entrance USING gist (geom);
CREATE INDEX address_geom ON govgrid.address USING gist (geom);
CREATE INDEX centre_geom ON govgrid.centre USING gist (geom);
CREATE INDEX incident_geom ON govgrid.incident USING gist (geom);
