-- Lists of incidents by the areas of a reader. Row-level security tests the place of each row that is
-- passed, and lets nothing but equal or ordered plain values be looked up before. So each incident
-- keeps the one grid, community and township that may grant it, whatever the day: a list looks these up
-- and is cut by the same policy as before.

ALTER TABLE govgrid.incident
    ADD COLUMN in_grid bigint, ADD COLUMN in_community bigint, ADD COLUMN in_township bigint;
COMMENT ON COLUMN govgrid.incident.in_grid IS
    'unit_id of the grid that the place meets in any version of areas; 0: of several; null: of none; derived';
COMMENT ON COLUMN govgrid.incident.in_community IS 'as in_grid, of communities';
COMMENT ON COLUMN govgrid.incident.in_township IS 'as in_grid, of townships';

-- Without a place an incident is granted by the area that it was located in and those above it.
CREATE FUNCTION govgrid.areas_of_incident(
    place geometry, unit bigint, OUT in_grid bigint, OUT in_community bigint, OUT in_township bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    above bigint[];
BEGIN
    IF place IS NULL THEN
        SELECT array_agg(DISTINCT p.unit_id) INTO above FROM govgrid.area_nesting n
        CROSS JOIN LATERAL unnest(string_to_array(ltree2text(n.path), '.')::bigint[]) AS p (unit_id)
        WHERE n.unit_id = unit;
    END IF;
    SELECT CASE count(*) FILTER (WHERE f.level = 'grid') WHEN 0 THEN NULL
            WHEN 1 THEN max(f.unit_id) FILTER (WHERE f.level = 'grid') ELSE 0 END,
        CASE count(*) FILTER (WHERE f.level = 'community') WHEN 0 THEN NULL
            WHEN 1 THEN max(f.unit_id) FILTER (WHERE f.level = 'community') ELSE 0 END,
        CASE count(*) FILTER (WHERE f.level = 'township') WHEN 0 THEN NULL
            WHEN 1 THEN max(f.unit_id) FILTER (WHERE f.level = 'township') ELSE 0 END
    INTO in_grid, in_community, in_township
    FROM (
        SELECT a.level, a.unit_id FROM govgrid.area a WHERE ST_Intersects(a.geom, place)
        UNION SELECT a.level, a.unit_id FROM govgrid.area a WHERE a.unit_id = ANY (above)) f;
END $$;
COMMENT ON FUNCTION govgrid.areas_of_incident IS
    'the areas of each level that may grant an incident at a place, or without one located in an area';
REVOKE EXECUTE ON FUNCTION govgrid.areas_of_incident FROM PUBLIC;

CREATE FUNCTION govgrid.derive_incident_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT * INTO NEW.in_grid, NEW.in_community, NEW.in_township
    FROM govgrid.areas_of_incident(NEW.geom, NEW.area_unit_id);
    RETURN NEW;
END $$;
CREATE TRIGGER derive_areas BEFORE INSERT OR UPDATE OF geom, area_unit_id, in_grid, in_community, in_township
    ON govgrid.incident FOR EACH ROW EXECUTE FUNCTION govgrid.derive_incident_areas();

UPDATE govgrid.incident SET in_grid = NULL;

-- Areas that change take along what lies in them, before and after. No import has that among its rows:
-- to undo it derives again.
CREATE FUNCTION govgrid.rederive_incident_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    run     constant text := coalesce(current_setting('govgrid.import_run', true), '');
    decides text := CASE TG_TABLE_NAME WHEN 'area' THEN 'level, unit_id, geom::bytea' ELSE 'unit_id, path::text' END;
    changed text := format(CASE TG_OP
        WHEN 'UPDATE' THEN '(SELECT %1$s FROM older EXCEPT SELECT %1$s FROM newer)'
            ' UNION ALL (SELECT %1$s FROM newer EXCEPT SELECT %1$s FROM older)'
        WHEN 'INSERT' THEN 'SELECT %1$s FROM newer' ELSE 'SELECT %1$s FROM older' END, decides);
BEGIN
    IF NOT EXISTS (SELECT FROM govgrid.incident) THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('govgrid.import_run', '', true);
    EXECUTE format(
        'UPDATE govgrid.incident i SET in_grid = d.in_grid, in_community = d.in_community,'
        ' in_township = d.in_township FROM (SELECT o.id, a.* FROM govgrid.incident o'
        ' CROSS JOIN LATERAL govgrid.areas_of_incident(o.geom, o.area_unit_id) a WHERE o.id IN (%s) OFFSET 0) d'
        ' WHERE i.id = d.id AND (i.in_grid, i.in_community, i.in_township)'
        ' IS DISTINCT FROM (d.in_grid, d.in_community, d.in_township)',
        format(CASE TG_TABLE_NAME
            WHEN 'area' THEN 'SELECT o.id FROM (SELECT geom::geometry FROM (%s) c OFFSET 0) c (geom)'
                ' JOIN govgrid.incident o ON ST_Intersects(c.geom, o.geom)'
            ELSE 'SELECT o.id FROM (%s) c JOIN govgrid.incident o'
                ' ON o.area_unit_id = c.unit_id AND o.geom IS NULL' END, changed));
    PERFORM set_config('govgrid.import_run', run, true);
    RETURN NULL;
END $$;
DO $$
DECLARE
    name  text;
    event text;
BEGIN
    FOREACH name IN ARRAY ARRAY['area', 'area_nesting'] LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format(
                'CREATE TRIGGER rederive_incidents_%s AFTER %s ON govgrid.%I REFERENCING %s FOR EACH STATEMENT'
                ' EXECUTE FUNCTION govgrid.rederive_incident_areas()', event, event, name,
                CASE event WHEN 'insert' THEN 'NEW TABLE AS newer' WHEN 'delete' THEN 'OLD TABLE AS older'
                    ELSE 'OLD TABLE AS older NEW TABLE AS newer' END);
        END LOOP;
    END LOOP;
END $$;

-- What a unit was sent is listed by when the incident was known, those that are open by themselves.
CREATE FUNCTION govgrid.known_at(i govgrid.incident) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN i.reported_at IS NOT NULL THEN i.reported_at
        WHEN i.occurred_at IS NOT NULL THEN i.occurred_at ELSE i.created_at END
$$;
CREATE FUNCTION govgrid.is_open_state(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT state NOT IN ('closed', 'not_accepted', 'duplicate', 'cancelled')
$$;
ALTER TABLE govgrid.dispatch ADD COLUMN incident_known_at timestamptz, ADD COLUMN incident_open boolean;
COMMENT ON COLUMN govgrid.dispatch.incident_known_at IS 'by which lists of incidents are ordered: derived';
COMMENT ON COLUMN govgrid.dispatch.incident_open IS 'whether the incident goes on: derived';
CREATE FUNCTION govgrid.derive_of_incident() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT govgrid.known_at(i), govgrid.is_open_state(i.state) INTO NEW.incident_known_at, NEW.incident_open
    FROM govgrid.incident i WHERE i.code = NEW.incident_code;
    RETURN NEW;
END $$;
CREATE TRIGGER derive_of_incident
    BEFORE INSERT OR UPDATE OF incident_code, incident_known_at, incident_open ON govgrid.dispatch
    FOR EACH ROW EXECUTE FUNCTION govgrid.derive_of_incident();
CREATE FUNCTION govgrid.pass_on_to_dispatches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    run constant text := coalesce(current_setting('govgrid.import_run', true), '');
BEGIN
    PERFORM set_config('govgrid.import_run', '', true);
    UPDATE govgrid.dispatch SET incident_known_at = NULL WHERE incident_code = NEW.code;
    PERFORM set_config('govgrid.import_run', run, true);
    RETURN NULL;
END $$;
CREATE TRIGGER pass_on_to_dispatches AFTER UPDATE OF state, reported_at, occurred_at, created_at ON govgrid.incident
    FOR EACH ROW WHEN (govgrid.known_at(OLD) IS DISTINCT FROM govgrid.known_at(NEW)
        OR govgrid.is_open_state(OLD.state) <> govgrid.is_open_state(NEW.state))
    EXECUTE FUNCTION govgrid.pass_on_to_dispatches();
UPDATE govgrid.dispatch SET incident_known_at = NULL;
CREATE OR REPLACE VIEW govgrid.dispatched_unit WITH (security_invoker = true) AS
    SELECT incident_code, unit_code, incident_known_at, incident_open, id FROM govgrid.dispatch
    WHERE state NOT IN ('returned', 'recalled') OR ended_at > govgrid.now() - interval '30 days';

CREATE INDEX dispatch_listed ON govgrid.dispatch (unit_code, incident_known_at, incident_code);
CREATE INDEX dispatch_open_listed ON govgrid.dispatch (unit_code, incident_known_at, incident_code) WHERE incident_open;
DROP INDEX govgrid.dispatch_unit;
DO $$
DECLARE
    known constant text := '(CASE WHEN reported_at IS NOT NULL THEN reported_at'
        ' WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id';
    still constant text := ' WHERE state NOT IN (''closed'', ''not_accepted'', ''duplicate'', ''cancelled'')';
    made  record;
BEGIN
    FOR made IN SELECT * FROM (VALUES
        ('in_grid_listed', 'in_grid, ', ''), ('in_community_listed', 'in_community, ', ''),
        ('in_township_listed', 'in_township, ', ''), ('in_township_open', 'in_township, ', still),
        ('township_listed', 'township_code, in_township, ', ''),
        ('community_listed', 'community_code, ', ''), ('unit_listed', 'unit_code, ', ''),
        ('unplaced_listed', '', ' WHERE geom IS NULL')) AS m (name, first, open)
    LOOP
        EXECUTE format('CREATE INDEX incident_%s ON govgrid.incident (%s%s)%s', made.name, made.first, known, made.open);
    END LOOP;
END $$;
DROP INDEX govgrid.incident_unit;
-- Amber are few: those that wait by their limit, and those that were done while it was amber.
CREATE INDEX incident_open_due ON govgrid.incident (due_at)
    WHERE state NOT IN ('closed', 'not_accepted', 'duplicate', 'cancelled');
CREATE INDEX incident_done_amber ON govgrid.incident (done_at)
    WHERE state IN ('done', 'checked') AND done_at >= amber_at AND done_at <= due_at;

-- The duty log tells what a desk viewed, without the accounts and persons of the register.
CREATE FUNCTION govgrid.viewings_of_desk(desk text, since timestamptz, until timestamptz)
RETURNS TABLE (at timestamptz, camera_code text, act text, reason_kind text, reason text, incident_code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.at, r.camera_code, r.act, r.reason_kind, CASE WHEN r.reason_kind = 'other' THEN r.reason END,
        r.incident_code
    FROM govgrid.access_register r
    WHERE govgrid.has_action('shift') AND coalesce(r.unit_code, '') = coalesce(desk, '')
        AND (govgrid.session_setting('granted') = 'all'
            OR coalesce(desk, '') = coalesce(govgrid.session_setting('unit'), ''))
        AND r.at >= since AND r.at <= until
    ORDER BY r.at, r.id
$$;
COMMENT ON FUNCTION govgrid.viewings_of_desk IS 'for duty logs: what accounts of a unit viewed in a time, and why';
REVOKE EXECUTE ON FUNCTION govgrid.viewings_of_desk FROM PUBLIC;
GRANT EXECUTE ON FUNCTION govgrid.viewings_of_desk TO govgrid_web;

-- Functions that each list and each new incident calls: one in SQL that holds a question is planned anew
-- by each statement, one in PL/pgSQL keeps its plan.
CREATE OR REPLACE FUNCTION govgrid.areas_of_boxes(boxes geometry) RETURNS bigint[]
LANGUAGE plpgsql STABLE STRICT SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(DISTINCT a.unit_id ORDER BY a.unit_id), '{}')
        FROM govgrid.area a WHERE a.valid @> govgrid.today() AND ST_Intersects(a.geom, boxes));
END $$;
CREATE OR REPLACE FUNCTION govgrid.is_sensitive(category text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM govgrid.category k WHERE k.sensitive AND ($1 = k.code OR $1 = k.name));
END $$;
CREATE OR REPLACE FUNCTION govgrid.intersects_areas(place geometry, areas bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM govgrid.area a
        WHERE a.unit_id = ANY (areas) AND a.valid @> govgrid.today() AND ST_Intersects(a.geom, place));
END $$;
