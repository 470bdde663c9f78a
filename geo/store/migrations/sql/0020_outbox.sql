-- Events: written in the transaction of what happened, read in the order of the transactions.

CREATE TABLE govgrid.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    xact       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL DEFAULT govgrid.now(),
    layer      text NOT NULL,
    code       text,
    kind       text NOT NULL,
    action     text NOT NULL,
    areas      bigint[],
    units      text[] NOT NULL DEFAULT '{}',
    owner_kind text,
    boxes      geometry(Geometry, 4326),
    data       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (xact, id)
);
COMMENT ON COLUMN govgrid.outbox.xact IS
    'numbers are given before COMMIT: by id alone, what was numbered early and committed late is missed';
COMMENT ON COLUMN govgrid.outbox.areas IS
    'unit_ids of all areas that the boxes touch, of every level; null: it concerns every place';
COMMENT ON COLUMN govgrid.outbox.units IS 'codes of units that are told wherever it is';
COMMENT ON COLUMN govgrid.outbox.boxes IS 'where it was and where it is';
COMMENT ON COLUMN govgrid.outbox.data IS 'numbers and codes, never texts';

-- The service writes events of all areas, and reads them with the role that is not cut by areas:
-- each is cut to who listens (geo/access/event_access.py).
ALTER TABLE govgrid.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY written ON govgrid.outbox FOR INSERT TO govgrid_web WITH CHECK (true);
CREATE POLICY told ON govgrid.outbox FOR SELECT TO govgrid_read USING (true);
GRANT INSERT ON govgrid.outbox TO govgrid_web;
GRANT SELECT ON govgrid.outbox TO govgrid_read;

-- Which areas an event concerns is decided when it happens.
CREATE FUNCTION govgrid.areas_of_boxes(boxes geometry) RETURNS bigint[]
LANGUAGE sql STABLE STRICT SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT a.unit_id ORDER BY a.unit_id), '{}')
    FROM govgrid.area_now a WHERE ST_Intersects(a.geom, boxes)
$$;

-- From [[west, south, east, north], …]; a box without extent is a point.
CREATE FUNCTION govgrid.collect_boxes(boxes jsonb) RETURNS geometry
LANGUAGE sql IMMUTABLE STRICT SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        ST_Collect(CASE WHEN w = e AND s = n THEN ST_SetSRID(ST_MakePoint(w, s), 4326)
            ELSE ST_MakeEnvelope(w, s, e, n, 4326) END),
        ST_GeomFromText('POINT EMPTY', 4326))
    FROM jsonb_array_elements(boxes) AS box, LATERAL (
        SELECT (box ->> 0)::float8, (box ->> 1)::float8, (box ->> 2)::float8, (box ->> 3)::float8
    ) AS edges (w, s, e, n)
$$;

-- Messages only wake who listens; they say which layer has which revision and no more.
CREATE FUNCTION govgrid.notify_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('govgrid', 'outbox 0');
    RETURN NULL;
END $$;
CREATE TRIGGER notify_events AFTER INSERT ON govgrid.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.notify_events();

CREATE OR REPLACE FUNCTION govgrid.increment_revisions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept constant bigint := 500;
    written text[];
BEGIN
    SELECT array_agg(layer) INTO written FROM govgrid.layer_write WHERE transaction = NEW.transaction;
    PERFORM FROM govgrid.layer_revision WHERE layer = ANY(written) ORDER BY layer FOR UPDATE;
    UPDATE govgrid.layer_revision SET revision = revision + 1 WHERE layer = ANY(written);
    INSERT INTO govgrid.layer_change (layer, revision, codes)
    SELECT w.layer, r.revision, w.codes FROM govgrid.layer_write w JOIN govgrid.layer_revision r USING (layer)
    WHERE w.transaction = NEW.transaction;
    DELETE FROM govgrid.layer_change c USING govgrid.layer_revision r
    WHERE r.layer = ANY(written) AND c.layer = r.layer AND c.revision <= r.revision - kept;
    DELETE FROM govgrid.layer_write WHERE transaction = NEW.transaction;
    PERFORM pg_notify('govgrid', layer || ' ' || revision) FROM govgrid.layer_revision
    WHERE layer = ANY(written);
    RETURN NULL;
END $$;
