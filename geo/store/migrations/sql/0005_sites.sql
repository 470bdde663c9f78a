-- Where cameras may and may not hang, and who is paired with a community.

CREATE TABLE govgrid.pole (
    code text PRIMARY KEY, name text, kind text, height_m double precision,
    powered boolean, networked boolean, management_unit text,
    geom geometry(Point, 4326) NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE INDEX pole_geom ON govgrid.pole USING gist (geom);

CREATE TABLE govgrid.restricted_zone (LIKE govgrid.water INCLUDING ALL);

CREATE TABLE govgrid.pairing (
    code text PRIMARY KEY, area_code text NOT NULL, unit_code text NOT NULL, since date,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
CREATE INDEX pairing_area ON govgrid.pairing (area_code);
