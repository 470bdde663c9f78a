-- Coarse places: what a grant that needs no exact positions shows, whatever it is asked.

-- The only place that rounds. Thousandths of a degree are about 100 m.
CREATE FUNCTION govgrid.coarse(place geometry) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
    SELECT ST_SetSRID(ST_MakePoint(
        round(ST_X(place)::numeric, 3)::double precision,
        round(ST_Y(place)::numeric, 3)::double precision), 4326)
$$;
COMMENT ON FUNCTION govgrid.coarse IS 'a place (EPSG:4326) to about 100 m: geo/access/coarse.py names the same step';

ALTER TABLE govgrid.camera ADD COLUMN coarse_geom geometry(Point, 4326);
UPDATE govgrid.camera SET coarse_geom = govgrid.coarse(geom);
ALTER TABLE govgrid.camera ALTER coarse_geom SET NOT NULL;
CREATE INDEX camera_coarse_geom ON govgrid.camera USING gist (coarse_geom);
COMMENT ON COLUMN govgrid.camera.coarse_geom IS
    'kept until the camera stands a ten-thousandth of a degree (10 m) outside of what rounds to it:'
    ' a place that a survey corrects by a few metres would else be known to lie at the edge';

CREATE FUNCTION govgrid.keep_coarse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept geometry := NEW.coarse_geom; -- an undo brings its own
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept := OLD.coarse_geom;
    END IF;
    IF kept IS NULL
        OR abs(ST_X(NEW.geom) - ST_X(kept)) > 0.0006 OR abs(ST_Y(NEW.geom) - ST_Y(kept)) > 0.0006
    THEN
        kept := govgrid.coarse(NEW.geom);
    END IF;
    NEW.coarse_geom := kept;
    RETURN NEW;
END $$;
CREATE TRIGGER coarse BEFORE INSERT OR UPDATE OF geom, coarse_geom ON govgrid.camera
    FOR EACH ROW EXECUTE FUNCTION govgrid.keep_coarse();

DROP TRIGGER remember_insert ON govgrid.camera;
DROP TRIGGER remember_update ON govgrid.camera;
DROP TRIGGER remember_delete ON govgrid.camera;
SELECT govgrid.remember_table('camera', 'code', 'geom reported_geom coarse_geom');

-- A row is as exact as the most exact grant that covers it and shows positions at all.
DROP FUNCTION govgrid.cameras_granted(bigint[], text[], integer[]);
CREATE FUNCTION govgrid.cameras_granted(areas bigint[], classes text[], depths integer[], exacts boolean[])
RETURNS TABLE (code text, depth integer, exact boolean, distance_m double precision)
LANGUAGE sql STABLE AS $$
    WITH granted AS (
        SELECT g.class, g.depth, g.exact, a.geom
        FROM unnest(areas, classes, depths, exacts) AS g(unit_id, class, depth, exact)
        LEFT JOIN govgrid.area a ON a.unit_id = g.unit_id AND a.valid @> govgrid.today()
        WHERE g.unit_id IS NULL OR a.unit_id IS NOT NULL
    ), own AS (
        SELECT c.code, max(g.depth) AS depth, bool_or(g.exact AND g.depth >= 1) AS exact
        FROM granted g
        JOIN govgrid.camera c ON coalesce(c.owner_kind, 'unknown') = g.class
            AND (g.geom IS NULL OR ST_Intersects(g.geom, c.geom))
        GROUP BY c.code
    ), derived AS MATERIALIZED ( -- transformed once, not for each camera
        SELECT g.class, ST_Transform(g.geom, s.srid) AS ground
        FROM granted g, (SELECT value::text::integer AS srid FROM govgrid.setting WHERE key = 'metric_srid') s
        WHERE g.geom IS NOT NULL AND g.depth >= 1
    )
    SELECT own.code, own.depth, own.exact, 0.0 FROM own
    UNION ALL
    SELECT c.code, NULL, false,
        greatest(50 * ceil(min(ST_Distance(d.ground, ST_Transform(c.coarse_geom, ST_SRID(d.ground)))) / 50), 50)
    FROM derived d
    JOIN govgrid.viewshed v ON ST_Intersects(d.ground, ST_SetSRID(v.geom, ST_SRID(d.ground)))
    JOIN govgrid.camera c ON c.code = v.camera_code AND coalesce(c.owner_kind, 'unknown') = d.class
    WHERE NOT EXISTS (SELECT FROM own WHERE own.code = c.code)
    GROUP BY c.code
$$;
COMMENT ON FUNCTION govgrid.cameras_granted IS
    'cameras of a set of grants (unit_id or null for everything, class skynet, social or unknown, depth 0 to 4, exact or coarse):'
    ' own ones with their depth, and those of others whose viewshed meets a granted area, with null for depth'
    ' and the distance of their coarse place to it in steps of 50 m';

-- Places of matters at which a unit was told exactly which of its coarse cameras see them.
CREATE TABLE govgrid.exact_answer (
    unit_code     text NOT NULL,
    camera_code   text NOT NULL,
    day           date NOT NULL DEFAULT govgrid.today(),
    incident_code text NOT NULL,
    PRIMARY KEY (unit_code, camera_code, day, incident_code)
);
COMMENT ON TABLE govgrid.exact_answer IS 'counted, so that a unit learns of no camera more exactly than it needs: see geo/access/exact_answers.py';
ALTER TABLE govgrid.exact_answer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON govgrid.exact_answer TO govgrid_web USING (unit_code = govgrid.told('unit'));
GRANT SELECT, INSERT ON govgrid.exact_answer TO govgrid_web;
