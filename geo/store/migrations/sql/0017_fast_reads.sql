-- Access as data: where cameras stand and what they look into is derived with each write, and each
-- revision says which rows it changed.

CREATE TABLE govgrid.camera_area (
    area        bigint NOT NULL,
    camera_code text NOT NULL,
    PRIMARY KEY (area, camera_code)
);
CREATE INDEX camera_area_camera ON govgrid.camera_area (camera_code);
COMMENT ON TABLE govgrid.camera_area IS
    'in which versions of areas (area.id) each camera stands, borders included: derived by triggers';
CREATE TABLE govgrid.camera_sees_area (
    area        bigint NOT NULL,
    camera_code text NOT NULL,
    distance_m  double precision NOT NULL,
    PRIMARY KEY (area, camera_code)
);
CREATE INDEX camera_sees_area_camera ON govgrid.camera_sees_area (camera_code);
COMMENT ON TABLE govgrid.camera_sees_area IS
    'which versions of areas (area.id) the viewsheds of each camera meet, with the distance of its'
    ' coarse place: derived by triggers';

-- Pairs are found by boxes and tested area by area, so that each boundary is prepared once. The plan
-- must know the arguments: one camera is looked up, a whole register is scanned.
CREATE FUNCTION govgrid.derive_camera_areas(codes text[], areas bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    metric integer := (SELECT value::text::integer FROM govgrid.setting WHERE key = 'metric_srid');
BEGIN
    DELETE FROM govgrid.camera_area
    WHERE (codes IS NULL OR camera_code = ANY (codes)) AND (areas IS NULL OR area = ANY (areas));
    DELETE FROM govgrid.camera_sees_area
    WHERE (codes IS NULL OR camera_code = ANY (codes)) AND (areas IS NULL OR area = ANY (areas));
    INSERT INTO govgrid.camera_area (area, camera_code)
    SELECT p.id, p.code FROM (
        SELECT a.id, a.geom AS ground, c.code, c.geom
        FROM govgrid.camera c JOIN govgrid.area a ON a.geom && c.geom
        WHERE (codes IS NULL OR c.code = ANY (codes)) AND (areas IS NULL OR a.id = ANY (areas))
        ORDER BY a.id OFFSET 0) p
    WHERE ST_Intersects(p.ground, p.geom);
    IF metric IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO govgrid.camera_sees_area (area, camera_code, distance_m)
    WITH reach AS MATERIALIZED (
        SELECT v.camera_code, ST_Expand(ST_Transform(ST_SetSRID(
            ST_Extent(ST_SetSRID(v.geom, 0))::geometry, metric), 4326), 0.001) AS box
        FROM govgrid.viewshed v
        WHERE (codes IS NULL OR v.camera_code = ANY (codes)) AND NOT ST_IsEmpty(v.geom)
        GROUP BY v.camera_code
    ), pairs AS MATERIALIZED (
        SELECT a.id, r.camera_code FROM reach r JOIN govgrid.area a ON a.geom && r.box
        WHERE areas IS NULL OR a.id = ANY (areas)
    ), ground AS MATERIALIZED ( -- transformed once, not for each camera
        SELECT a.id, ST_SetSRID(ST_Transform(a.geom, metric), 0) AS geom
        FROM govgrid.area a WHERE a.id IN (SELECT id FROM pairs)
    )
    SELECT p.id, p.camera_code,
        ST_Distance(p.geom, ST_SetSRID(ST_Transform(c.coarse_geom, metric), 0))
    FROM (SELECT s.id, s.camera_code, g.geom FROM pairs s JOIN ground g USING (id)
          ORDER BY s.id OFFSET 0) p
    JOIN govgrid.camera c ON c.code = p.camera_code
    WHERE EXISTS (SELECT FROM govgrid.viewshed v WHERE v.camera_code = p.camera_code
                  AND ST_Intersects(p.geom, ST_SetSRID(v.geom, 0)));
END $$;
COMMENT ON FUNCTION govgrid.derive_camera_areas IS
    'derives camera_area and camera_sees_area anew for some cameras, or some versions of areas; null: all';
REVOKE EXECUTE ON FUNCTION govgrid.derive_camera_areas FROM PUBLIC;

-- TG_ARGV: the key that says which rows are to be derived, and the columns that decide.
CREATE FUNCTION govgrid.derive_changed_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    decides text := TG_ARGV[1];
    keys    text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM govgrid.derive_camera_areas(NULL, NULL);
        RETURN NULL;
    END IF;
    EXECUTE format(CASE TG_OP
        WHEN 'UPDATE' THEN
            'SELECT array_agg(DISTINCT key::text) FROM ('
            ' (SELECT %1$s AS key, %2$s FROM old_rows EXCEPT SELECT %1$s, %2$s FROM new_rows) UNION ALL'
            ' (SELECT %1$s, %2$s FROM new_rows EXCEPT SELECT %1$s, %2$s FROM old_rows)) AS changed'
        WHEN 'INSERT' THEN 'SELECT array_agg(DISTINCT %1$s::text) FROM new_rows'
        ELSE 'SELECT array_agg(DISTINCT %1$s::text) FROM old_rows' END, TG_ARGV[0], decides)
    INTO keys;
    IF keys IS NULL THEN
        RETURN NULL;
    ELSIF TG_TABLE_NAME = 'area' THEN
        PERFORM govgrid.derive_camera_areas(NULL, keys::bigint[]);
    ELSE
        PERFORM govgrid.derive_camera_areas(keys, NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION govgrid.derive_all_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM govgrid.derive_camera_areas(NULL, NULL);
    RETURN NULL;
END $$;

DO $$
DECLARE
    derived record;
    event   text;
BEGIN
    FOR derived IN SELECT * FROM (VALUES
        ('camera', 'code', 'geom::bytea, coarse_geom::bytea'),
        ('viewshed', 'camera_code', 'view_no, detail, certainty, geom::bytea'),
        ('area', 'id', 'geom::bytea')) AS t (name, key, decides)
    LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format(
                'CREATE TRIGGER derive_%s AFTER %s ON govgrid.%I REFERENCING %s FOR EACH STATEMENT'
                ' EXECUTE FUNCTION govgrid.derive_changed_rows(%L, %L)',
                event, event, derived.name,
                CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows'
                    WHEN 'delete' THEN 'OLD TABLE AS old_rows'
                    ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END,
                derived.key, derived.decides);
        END LOOP;
        EXECUTE format(
            'CREATE TRIGGER derive_truncate AFTER TRUNCATE ON govgrid.%I FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.derive_changed_rows()', derived.name);
    END LOOP;
END $$;
CREATE TRIGGER derive_insert AFTER INSERT OR UPDATE ON govgrid.setting FOR EACH ROW
    WHEN (NEW.key = 'metric_srid') EXECUTE FUNCTION govgrid.derive_all_rows();

ALTER TABLE govgrid.camera_area ENABLE ROW LEVEL SECURITY;
ALTER TABLE govgrid.camera_sees_area ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.camera_area FOR SELECT TO govgrid_web USING (
    EXISTS (SELECT FROM govgrid.camera c WHERE c.code = camera_code));
CREATE POLICY granted ON govgrid.camera_sees_area FOR SELECT TO govgrid_web USING (
    EXISTS (SELECT FROM govgrid.camera c WHERE c.code = camera_code));
CREATE POLICY drawn ON govgrid.camera_area FOR SELECT TO govgrid_read USING (true);
CREATE POLICY drawn ON govgrid.camera_sees_area FOR SELECT TO govgrid_read USING (true);
GRANT SELECT ON govgrid.camera_area, govgrid.camera_sees_area TO govgrid_web, govgrid_read;

-- The rule by geometry stays: what is derived is held against it.
ALTER FUNCTION govgrid.granted_cameras RENAME TO granted_cameras_by_place;
CREATE FUNCTION govgrid.granted_cameras(areas bigint[], classes text[], depths integer[], exacts boolean[])
RETURNS TABLE (code text, depth integer, exact boolean, distance_m double precision)
LANGUAGE sql STABLE AS $$
    WITH granted AS MATERIALIZED (
        SELECT g.class, g.depth, g.exact, g.unit_id, a.id
        FROM unnest(areas, classes, depths, exacts) AS g(unit_id, class, depth, exact)
        LEFT JOIN govgrid.area a ON a.unit_id = g.unit_id AND a.valid @> govgrid.today()
        WHERE g.unit_id IS NULL OR a.unit_id IS NOT NULL
    ), own AS MATERIALIZED (
        SELECT o.code, max(o.depth) AS depth, bool_or(o.exact AND o.depth >= 1) AS exact
        FROM (
            SELECT c.code, g.depth, g.exact FROM granted g
            JOIN govgrid.camera c ON coalesce(c.owner_kind, 'unknown') = g.class
            WHERE g.unit_id IS NULL
            UNION ALL
            SELECT c.code, g.depth, g.exact FROM granted g
            JOIN govgrid.camera_area s ON s.area = g.id
            JOIN govgrid.camera c ON c.code = s.camera_code
                AND coalesce(c.owner_kind, 'unknown') = g.class
        ) o GROUP BY o.code
    )
    SELECT own.code, own.depth, own.exact, 0.0 FROM own
    UNION ALL
    SELECT c.code, NULL, false, greatest(50 * ceil(min(s.distance_m) / 50), 50)
    FROM granted g
    JOIN govgrid.camera_sees_area s ON s.area = g.id
    JOIN govgrid.camera c ON c.code = s.camera_code AND coalesce(c.owner_kind, 'unknown') = g.class
    WHERE g.depth >= 1 AND NOT EXISTS (SELECT FROM own WHERE own.code = c.code)
    GROUP BY c.code
$$;
COMMENT ON FUNCTION govgrid.granted_cameras IS
    'the same as granted_cameras_by_place, from what is derived in the transaction of each write';

-- Which rows a revision changed, so that what is kept of a layer can be patched.
CREATE TABLE govgrid.layer_change (
    layer    text NOT NULL,
    revision bigint NOT NULL,
    codes    text[],
    mark     uuid NOT NULL DEFAULT gen_random_uuid(),
    PRIMARY KEY (layer, revision)
);
COMMENT ON COLUMN govgrid.layer_change.codes IS 'null: any row may have changed';
COMMENT ON COLUMN govgrid.layer_change.mark IS
    'names the state of the layer: a database that is put back counts the same numbers again';
ALTER TABLE govgrid.layer_write ADD COLUMN codes text[];
COMMENT ON COLUMN govgrid.layer_write.codes IS 'of the rows written so far; null: any';
GRANT SELECT ON govgrid.layer_change TO govgrid_web, govgrid_read;

CREATE OR REPLACE FUNCTION govgrid.record_layer_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    most constant integer := 2000;
    written text[];
    rows text := CASE TG_OP
        WHEN 'UPDATE' THEN '(SELECT * FROM gone UNION ALL SELECT * FROM changed)' ELSE 'changed' END;
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        PERFORM FROM changed LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF TG_NARGS > 1 THEN
            EXECUTE format(
                'SELECT CASE WHEN count(*) <= $1 THEN array_agg(key) END FROM'
                ' (SELECT DISTINCT t.%I::text AS key FROM %s AS t LIMIT $1 + 1) AS keys',
                TG_ARGV[1], rows)
            INTO written USING most;
        END IF;
    END IF;
    INSERT INTO govgrid.layer_write AS w (layer, codes) VALUES (TG_ARGV[0], written)
    ON CONFLICT (transaction, layer) DO UPDATE
    SET codes = CASE WHEN cardinality(w.codes || written) <= most THEN w.codes || written END
    WHERE w.codes IS NOT NULL;
    RETURN NULL;
END $$;
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
    RETURN NULL;
END $$;
REVOKE UPDATE (revision) ON govgrid.layer_revision FROM govgrid_web;
REVOKE INSERT, DELETE ON govgrid.layer_write FROM govgrid_web;

-- An update may change the key itself, so both its names count.
CREATE OR REPLACE FUNCTION govgrid.track_revisions(tables text[], layer_name text, key text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name  text;
    event text;
    given text := format('%L', layer_name) || coalesce(', ' || quote_literal(key), '');
BEGIN
    INSERT INTO govgrid.layer_revision (layer) VALUES (layer_name) ON CONFLICT DO NOTHING;
    FOREACH name IN ARRAY tables LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER revise_%s AFTER %s ON govgrid.%I REFERENCING %s'
                ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_layer_write(%s)',
                event, event, name, CASE event
                    WHEN 'delete' THEN 'OLD TABLE AS changed'
                    WHEN 'insert' THEN 'NEW TABLE AS changed'
                    ELSE 'OLD TABLE AS gone NEW TABLE AS changed' END, given);
        END LOOP;
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER revise_truncate AFTER TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_layer_write(%L)', name, layer_name);
    END LOOP;
END $$;
DROP FUNCTION govgrid.track_revisions(text[], text);
SELECT govgrid.track_revisions(ARRAY[name], name)
FROM unnest(ARRAY['camera_status', 'setting', 'category', 'calendar']) AS name;
SELECT govgrid.track_revisions(ARRAY[name], name, 'code')
FROM unnest(ARRAY['building', 'road', 'water', 'farmland', 'place', 'entrance', 'address', 'pole',
                  'centre', 'privacy_zone', 'restricted_zone', 'permit', 'consent']) AS name;
SELECT govgrid.track_revisions(ARRAY['viewshed'], 'viewshed', 'camera_code');
SELECT govgrid.track_revisions(ARRAY['area', 'area_nesting', 'area_succession'], 'area');
SELECT govgrid.track_revisions(ARRAY['camera'], 'camera', 'code');
SELECT govgrid.track_revisions(ARRAY['camera_view'], 'camera', 'camera_code');
SELECT govgrid.track_revisions(ARRAY['unit', 'unit_duty', 'pairing'], 'unit');
SELECT govgrid.track_revisions(ARRAY['incident'], 'incident', 'code');
SELECT govgrid.track_revisions(ARRAY['dispatch'], 'incident', 'incident_code');
SELECT govgrid.track_revisions(ARRAY['coverage_run', 'area_coverage', 'gap'], 'coverage');
SELECT govgrid.track_revisions(ARRAY['filing', 'filed_camera'], 'filing');

-- What decides who asks and what was granted is a layer of its own; TG_ARGV[0] names the columns
-- that decide nothing. New accounts, sessions and keys are known to nobody yet.
INSERT INTO govgrid.layer_revision (layer) VALUES ('access');
INSERT INTO govgrid.layer_change (layer, revision) SELECT layer, revision FROM govgrid.layer_revision;
CREATE FUNCTION govgrid.record_access_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM to_jsonb(o) - string_to_array(TG_ARGV[0], ' ') FROM old_rows o
        EXCEPT SELECT to_jsonb(n) - string_to_array(TG_ARGV[0], ' ') FROM new_rows n LIMIT 1;
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM FROM new_rows LIMIT 1;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM FROM old_rows LIMIT 1;
    END IF;
    IF TG_OP = 'TRUNCATE' OR FOUND THEN
        INSERT INTO govgrid.layer_write (layer) VALUES ('access') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT * FROM (VALUES
        ('account', 'password_hash password_changed_at must_change totp_secret totp_step last_login_at'),
        ('role_grant', 'granted_by granted_at'),
        ('session', 'seen_at address agent'),
        ('api_key', 'name used_at')) AS t (name, apart)
    LOOP
        EXECUTE format('CREATE TRIGGER access_update AFTER UPDATE ON govgrid.%I'
            ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.record_access_change(%L)', held.name, held.apart);
        EXECUTE format('CREATE TRIGGER access_delete AFTER DELETE ON govgrid.%I'
            ' REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT'
            ' EXECUTE FUNCTION govgrid.record_access_change()', held.name);
        EXECUTE format('CREATE TRIGGER access_truncate AFTER TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_access_change()', held.name);
    END LOOP;
END $$;
CREATE TRIGGER access_insert AFTER INSERT ON govgrid.role_grant REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.record_access_change();

CREATE VIEW govgrid.published_camera WITH (security_invoker = true) AS
    SELECT c.code, c.local_code, c.site, c.name, c.owner_kind, c.point_class, c.legal_basis, c.form,
        c.indoor, c.supply_light, c.mount_height_m, c.connection, c.status, c.networked,
        c.area_reported, c.address, c.retention_days, c.filing_no, c.sign_present, c.installed_on,
        c.build_phase, c.management_unit, c.maintenance_unit, c.duty_phone, c.position_sigma_m,
        c.grid_code, c.position_source, c.verified_on AS position_verified_on,
        CASE WHEN c.position_source = 'verified' THEN ST_X(c.reported_geom) END AS reported_lon,
        CASE WHEN c.position_source = 'verified' THEN ST_Y(c.reported_geom) END AS reported_lat,
        v.heading_deg, v.heading_source, v.hfov_deg, v.vfov_deg, v.tilt_deg, v.res_h_px, v.range_m,
        v.verified_on AS heading_verified_on, c.attributes, c.geom, c.coarse_geom
    FROM govgrid.camera c
    LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1;
COMMENT ON VIEW govgrid.published_camera IS
    'for publishing: a row a camera, with its first view and both its places';
GRANT SELECT ON govgrid.published_camera TO govgrid_web, govgrid_read;

SELECT govgrid.derive_camera_areas(NULL, NULL);
