-- Names of functions say what they do; what a room reads of another's tables has a view.

ALTER FUNCTION govgrid.told RENAME TO session_setting;
ALTER FUNCTION govgrid.may RENAME TO has_action;
ALTER FUNCTION govgrid.within_grant RENAME TO is_granted;
ALTER FUNCTION govgrid.covered_by RENAME TO intersects_areas;
ALTER FUNCTION govgrid.cameras_granted RENAME TO granted_cameras;
ALTER FUNCTION govgrid.coarse RENAME TO coarsen_point;
ALTER FUNCTION govgrid.keep_coarse RENAME TO keep_coarse_point;
ALTER FUNCTION govgrid.remember RENAME TO record_import_change;
ALTER FUNCTION govgrid.remember_table RENAME TO track_import_changes;
ALTER FUNCTION govgrid.undoing RENAME TO is_undoing;
ALTER FUNCTION govgrid.file_cameras RENAME TO snapshot_filed_cameras;
ALTER FUNCTION govgrid.file_camera RENAME TO snapshot_filed_camera;
ALTER FUNCTION govgrid.outdate_sheet RENAME TO clear_outdated_sheet;
ALTER FUNCTION govgrid.note_change RENAME TO record_camera_change;
ALTER FUNCTION govgrid.layer_written RENAME TO record_layer_write;
ALTER FUNCTION govgrid.count_revisions RENAME TO increment_revisions;
ALTER FUNCTION govgrid.revise RENAME TO track_revisions;
ALTER FUNCTION govgrid.audit_only_grows RENAME TO reject_audit_change;
ALTER FUNCTION govgrid.register_only_grows RENAME TO reject_register_change;
ALTER FUNCTION govgrid.request_decided_once RENAME TO require_undecided_request;

-- Bodies are text, so those that call a renamed function are written again.
CREATE OR REPLACE FUNCTION govgrid.has_action(action text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(action = ANY (string_to_array(govgrid.session_setting('actions'), ',')), false)
$$;
CREATE OR REPLACE FUNCTION govgrid.is_granted(place geometry) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE govgrid.session_setting('granted')
        WHEN 'all' THEN true
        ELSE coalesce(govgrid.intersects_areas(
            place, string_to_array(govgrid.session_setting('granted'), ',')::bigint[]), false)
    END
$$;
CREATE OR REPLACE FUNCTION govgrid.keep_coarse_point() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept geometry := NEW.coarse_geom; -- an undo brings its own
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept := OLD.coarse_geom;
    END IF;
    IF kept IS NULL
        OR abs(ST_X(NEW.geom) - ST_X(kept)) > 0.0006 OR abs(ST_Y(NEW.geom) - ST_Y(kept)) > 0.0006
    THEN
        kept := govgrid.coarsen_point(NEW.geom);
    END IF;
    NEW.coarse_geom := kept;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION govgrid.track_import_changes(name text, key text, shapes text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format(
            'CREATE TRIGGER remember_%s AFTER %s ON govgrid.%I REFERENCING %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.record_import_change(%L, %L)',
            event, event, name,
            CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows' ELSE 'OLD TABLE AS old_rows' END,
            key, shapes);
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION govgrid.snapshot_filed_cameras() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF govgrid.is_undoing() THEN
        RETURN NULL;
    END IF;
    DELETE FROM govgrid.filed_camera WHERE filing_code = NEW.code;
    IF NEW.sheet_sha256 IS NULL THEN
        INSERT INTO govgrid.filed_camera (filing_code, camera_code, snapshot)
        SELECT NEW.code, c.code, govgrid.filed_snapshot(c) FROM govgrid.camera c
        WHERE c.filing_no = NEW.code AND c.status IS DISTINCT FROM 'removed';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION govgrid.clear_outdated_sheet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.is_undoing() THEN
        NEW.sheet_sha256 := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION govgrid.snapshot_filed_camera() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.is_undoing() THEN
        INSERT INTO govgrid.filed_camera (filing_code, camera_code, snapshot)
        SELECT f.code, NEW.code, govgrid.filed_snapshot(NEW) FROM govgrid.filing f
        WHERE f.code = NEW.filing_no AND f.sheet_sha256 IS NULL
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION govgrid.record_camera_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.is_undoing() THEN
        INSERT INTO govgrid.camera_change (
            camera_code, name, owner_kind, legal_basis, management_unit, kind, import_run, before, after)
        VALUES (OLD.code, OLD.name, OLD.owner_kind, OLD.legal_basis, OLD.management_unit, TG_ARGV[0],
            nullif(current_setting('govgrid.import_run', true), '')::bigint, OLD.geom,
            CASE TG_ARGV[0] WHEN 'moved' THEN NEW.geom END);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION govgrid.track_revisions(tables text[], layer_name text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name  text;
    event text;
BEGIN
    INSERT INTO govgrid.layer_revision (layer) VALUES (layer_name) ON CONFLICT DO NOTHING;
    FOREACH name IN ARRAY tables LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format(
                'CREATE TRIGGER revise_%s AFTER %s ON govgrid.%I REFERENCING %s TABLE AS changed'
                ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_layer_write(%L)',
                event, event, name, CASE event WHEN 'delete' THEN 'OLD' ELSE 'NEW' END, layer_name);
        END LOOP;
        EXECUTE format(
            'CREATE TRIGGER revise_truncate AFTER TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_layer_write(%L)', name, layer_name);
    END LOOP;
END $$;

-- Views by which a room reads what another one writes. They work as who asks: row-level security
-- and grants of the tables hold, and plans are those of the tables.

CREATE VIEW govgrid.dispatched_unit WITH (security_invoker = true) AS
    SELECT incident_code, unit_code FROM govgrid.dispatch;
COMMENT ON VIEW govgrid.dispatched_unit IS 'for rights: which units see an incident wherever it lies';

CREATE VIEW govgrid.incident_place WITH (security_invoker = true) AS
    SELECT code, geom, reported_at, occurred_at FROM govgrid.incident;
COMMENT ON VIEW govgrid.incident_place IS 'for rights, viewing and demand: where and when, never what';

CREATE VIEW govgrid.unit_contact WITH (security_invoker = true) AS
    SELECT code, name, kind, duty_phone FROM govgrid.unit;
COMMENT ON VIEW govgrid.unit_contact IS 'for accounts and filings: units with their office phone';

CREATE VIEW govgrid.camera_contact WITH (security_invoker = true) AS
    SELECT code, name, owner_kind, connection, retention_days, installed_on, management_unit,
        duty_phone, geom
    FROM govgrid.camera;
COMMENT ON VIEW govgrid.camera_contact IS
    'for viewing and coverage: which camera it is, who is asked for its picture, how far back that goes';

CREATE VIEW govgrid.camera_state WITH (security_invoker = true) AS
    SELECT camera_code, status, since FROM govgrid.camera_status;
COMMENT ON VIEW govgrid.camera_state IS 'for coverage: since when a camera is online or not';

CREATE VIEW govgrid.sight_camera WITH (security_invoker = true) AS
    SELECT c.code, c.name, c.owner_kind, c.form, coalesce(c.indoor, false) AS indoor,
        coalesce(c.connection, 'unknown') AS connection, c.mount_height_m, c.position_sigma_m,
        v.no AS view_no, v.heading_deg, v.heading_source, v.hfov_deg, v.vfov_deg, v.tilt_deg,
        v.res_h_px, v.range_m, v.focal_mm, v.sensor_w_mm,
        ST_X(c.coarse_geom) AS coarse_lon, ST_Y(c.coarse_geom) AS coarse_lat, c.geom
    FROM govgrid.camera c JOIN govgrid.camera_view v ON v.camera_code = c.code
    WHERE coalesce(c.status, 'in_use') <> 'removed';
COMMENT ON VIEW govgrid.sight_camera IS 'for coverage: cameras that were not removed, a row a view';

CREATE VIEW govgrid.sight_obstacle WITH (security_invoker = true) AS
    SELECT code, height_m, geom FROM govgrid.building;
COMMENT ON VIEW govgrid.sight_obstacle IS 'for coverage and planning: what stands in the line of sight';

CREATE VIEW govgrid.demand_road WITH (security_invoker = true) AS
    SELECT code, name, class, width_m, geom FROM govgrid.road;
CREATE VIEW govgrid.demand_place WITH (security_invoker = true) AS
    SELECT code, kind, weight, radius_m, geom FROM govgrid.place;
CREATE VIEW govgrid.demand_entrance WITH (security_invoker = true) AS
    SELECT code, kind, place_code, geom FROM govgrid.entrance;
COMMENT ON VIEW govgrid.demand_road IS 'for coverage and planning: what must be seen';
COMMENT ON VIEW govgrid.demand_place IS 'for coverage: what must be seen';
COMMENT ON VIEW govgrid.demand_entrance IS 'for coverage: what must be seen';

CREATE VIEW govgrid.excluded_ground WITH (security_invoker = true) AS
    SELECT 'water' AS kind, code, geom FROM govgrid.water
    UNION ALL SELECT 'farmland', code, geom FROM govgrid.farmland
    UNION ALL SELECT 'privacy_zone', code, geom FROM govgrid.privacy_zone;
COMMENT ON VIEW govgrid.excluded_ground IS 'for coverage and planning: ground that need not, or must not, be seen';

CREATE VIEW govgrid.protected_zone WITH (security_invoker = true) AS
    SELECT 'privacy' AS kind, code, geom FROM govgrid.privacy_zone
    UNION ALL SELECT 'restricted', code, geom FROM govgrid.restricted_zone;
COMMENT ON VIEW govgrid.protected_zone IS 'for compliance of cameras: Decree 799 Art. 8 and 10';

CREATE VIEW govgrid.loaded_extent WITH (security_invoker = true) AS
    SELECT 'area' AS layer, ST_Extent(geom)::geometry AS geom FROM govgrid.area
    UNION ALL SELECT 'camera', ST_Extent(geom)::geometry FROM govgrid.camera
    UNION ALL SELECT 'building', ST_Extent(geom)::geometry FROM govgrid.building
    UNION ALL SELECT 'road', ST_Extent(geom)::geometry FROM govgrid.road;
COMMENT ON VIEW govgrid.loaded_extent IS 'for imports: boxes of what is loaded, to tell a file of another city';

CREATE VIEW govgrid.loaded_rows WITH (security_invoker = true) AS
    -- the outline of the other areas is no district that anybody gave
    SELECT 'district' AS layer, count(*) AS rows FROM govgrid.area_now WHERE level = 'district' AND code <> '~district'
    UNION ALL SELECT 'townships', count(*) FROM govgrid.area_now WHERE level = 'township' AND code <> '~district'
    UNION ALL SELECT 'communities', count(*) FROM govgrid.area_now WHERE level = 'community' AND code <> '~district'
    UNION ALL SELECT 'grids', count(*) FROM govgrid.area_now WHERE level = 'grid' AND code <> '~district'
    UNION ALL SELECT 'buildings', count(*) FROM govgrid.building
    UNION ALL SELECT 'roads', count(*) FROM govgrid.road
    UNION ALL SELECT 'water', count(*) FROM govgrid.water
    UNION ALL SELECT 'farmland', count(*) FROM govgrid.farmland
    UNION ALL SELECT 'places', count(*) FROM govgrid.place
    UNION ALL SELECT 'entrances', count(*) FROM govgrid.entrance
    UNION ALL SELECT 'privacy-zones', count(*) FROM govgrid.privacy_zone
    UNION ALL SELECT 'restricted-zones', count(*) FROM govgrid.restricted_zone
    UNION ALL SELECT 'cameras', count(*) FROM govgrid.camera
    UNION ALL SELECT 'camera-status', count(*) FROM govgrid.camera_status
    UNION ALL SELECT 'units', count(*) FROM govgrid.unit
    UNION ALL SELECT 'duties', count(*) FROM govgrid.unit_duty
    UNION ALL SELECT 'pairings', count(*) FROM govgrid.pairing
    UNION ALL SELECT 'categories', count(*) FROM govgrid.category
    UNION ALL SELECT 'calendar', count(*) FROM govgrid.calendar
    UNION ALL SELECT 'filings', count(*) FROM govgrid.filing
    UNION ALL SELECT 'consents', count(*) FROM govgrid.consent
    UNION ALL SELECT 'permits', count(*) FROM govgrid.permit
    UNION ALL SELECT 'centres', count(*) FROM govgrid.centre
    UNION ALL SELECT 'addresses', count(*) FROM govgrid.address
    UNION ALL SELECT 'poles', count(*) FROM govgrid.pole
    UNION ALL SELECT 'incidents', count(*) FROM govgrid.incident;
COMMENT ON VIEW govgrid.loaded_rows IS 'for the checklist of starting up: how many rows of each layer there are';

GRANT SELECT ON govgrid.unit_contact, govgrid.camera_contact, govgrid.camera_state,
    govgrid.sight_camera, govgrid.sight_obstacle, govgrid.demand_road, govgrid.demand_place,
    govgrid.demand_entrance, govgrid.excluded_ground, govgrid.protected_zone, govgrid.loaded_extent
TO govgrid_web, govgrid_read;
GRANT SELECT ON govgrid.dispatched_unit, govgrid.incident_place, govgrid.loaded_rows TO govgrid_web;
