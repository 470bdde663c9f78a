-- Taking incidents: functions keep their plans, which with the policies of all tables take longer to
-- make than to run.

-- Row-level security keeps an index of places from being used, as it lets no operator of geometries see
-- rows first; equal numbers it does. So places are searched by squares of a 500th of a degree.
ALTER TABLE govgrid.incident ADD COLUMN cell bigint;
COMMENT ON COLUMN govgrid.incident.cell IS 'square of the place, by which earlier incidents are found: derived';
CREATE FUNCTION govgrid.cell_of(lon double precision, lat double precision) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT floor(lat * 500)::bigint * 1000000 + floor(lon * 500)::bigint
$$;
CREATE FUNCTION govgrid.derive_cell() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.cell := govgrid.cell_of(ST_X(NEW.geom), ST_Y(NEW.geom));
    RETURN NEW;
END $$;
CREATE TRIGGER derive_cell BEFORE INSERT OR UPDATE OF geom, cell ON govgrid.incident
    FOR EACH ROW EXECUTE FUNCTION govgrid.derive_cell();
UPDATE govgrid.incident SET cell = 0 WHERE geom IS NOT NULL;
CREATE INDEX incident_cell ON govgrid.incident (cell, category, reported_at);

CREATE FUNCTION govgrid.earlier_incidents(
    place geometry, radius_m double precision, categories text[], since timestamptz, until timestamptz)
RETURNS TABLE (code text, distance_m double precision, reported_at timestamptz, ended_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 10 AS $$
DECLARE
    north constant double precision := radius_m / 110000;
    east  constant double precision := radius_m / (110000 * greatest(cos(radians(ST_Y(place))), 0.01));
    cells bigint[];
BEGIN
    SELECT array_agg(y * 1000000 + x) INTO cells
    FROM generate_series(floor((ST_X(place) - east) * 500)::bigint, floor((ST_X(place) + east) * 500)::bigint) x,
        generate_series(floor((ST_Y(place) - north) * 500)::bigint, floor((ST_Y(place) + north) * 500)::bigint) y;
    RETURN QUERY SELECT i.code, ST_Distance(i.geom::geography, place::geography), i.reported_at,
        coalesce(i.closed_at,
            CASE WHEN i.state IN ('closed', 'not_accepted', 'duplicate', 'cancelled') THEN (
                SELECT max(m.at) FROM govgrid.incident_move m
                WHERE m.incident = i.id AND m.to_state = i.state) END)
    FROM govgrid.incident i
    WHERE i.cell = ANY (cells) AND i.category = ANY (categories)
        AND i.reported_at >= since AND i.reported_at <= until
        AND ST_DWithin(i.geom::geography, place::geography, radius_m);
END $$;
COMMENT ON FUNCTION govgrid.earlier_incidents IS
    'incidents around a place that were reported in a time, and when each of them ended';
GRANT EXECUTE ON FUNCTION govgrid.earlier_incidents TO govgrid_web;

-- Columns are those of the tables; `answer` is null for an incident without a place. No row: there is
-- one of this client_id.
CREATE FUNCTION govgrid.insert_incident(
    incident jsonb, lon double precision, lat double precision, move jsonb, alarms jsonb, answer jsonb,
    cameras jsonb)
RETURNS SETOF govgrid.incident LANGUAGE plpgsql AS $$
DECLARE
    made govgrid.incident;
BEGIN
    INSERT INTO govgrid.incident (client_id, title, category, description, source, source_ref, state,
        occurred_at, occurred_to, reported_at, accuracy_m, address, located_by, located_code, asset_code,
        status, area_unit_id, area_day, grid_code, community_code, township_code, candidates,
        nearest_code, nearest_m, unit_code, proposed_unit_code, override_reason, routing, emergency,
        grade, level, clock_from, limit_amount, limit_unit, amber_at, due_at, due_provisional,
        created_account, created_unit, geom)
    SELECT r.client_id, r.title, r.category, r.description, r.source, r.source_ref, r.state,
        r.occurred_at, r.occurred_to, r.reported_at, r.accuracy_m, r.address, r.located_by,
        r.located_code, r.asset_code, r.status, r.area_unit_id, r.area_day, r.grid_code,
        r.community_code, r.township_code, r.candidates, r.nearest_code, r.nearest_m, r.unit_code,
        r.proposed_unit_code, r.override_reason, r.routing, r.emergency, r.grade, r.level,
        r.clock_from, r.limit_amount, r.limit_unit, r.amber_at, r.due_at, r.due_provisional,
        r.created_account, r.created_unit, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
    FROM jsonb_populate_record(NULL::govgrid.incident, incident) r
    ON CONFLICT (client_id) DO NOTHING RETURNING * INTO made;
    IF made.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO govgrid.incident_move
        (incident, version, move, to_state, at, account, post, unit_code, facts)
    VALUES (made.id, made.version, 'created', made.state, made.reported_at, move ->> 'account',
        move ->> 'post', move ->> 'unit_code', move -> 'facts');
    INSERT INTO govgrid.clock_event (incident, kind, step, due)
    SELECT made.id, e.kind, e.step, e.due
    FROM jsonb_to_recordset(alarms) AS e (kind text, step text, due timestamptz);
    IF answer IS NOT NULL THEN
        INSERT INTO govgrid.camera_answer (incident, no, geom, seen_from, seen_to, coverage_run,
            revision, nearest_camera, nearest_m, nearest_why)
        SELECT made.id, 1, made.geom, r.seen_from, r.seen_to, (SELECT id FROM govgrid.newest_run),
            r.revision, r.nearest_camera, r.nearest_m, r.nearest_why
        FROM jsonb_populate_record(NULL::govgrid.camera_answer, answer) r;
        INSERT INTO govgrid.incident_camera (incident, no, rank, camera_code, relation, why, distance_m,
            bearing_deg, heading_deg, px_per_m, online, online_share, offline, footage_until, unit, phone)
        SELECT made.id, 1, c.rank, c.code, c.relation, c.why, c.distance_m, c.bearing_deg, c.heading_deg,
            c.px_per_m, c.online, c.online_share, c.offline, c.footage_until, c.unit, c.phone
        FROM jsonb_to_recordset(cameras) AS c (rank integer, code text, relation text, why text,
            distance_m float8, bearing_deg float8, heading_deg float8, px_per_m float8, online boolean,
            online_share float8, offline jsonb, footage_until timestamptz, unit text, phone text);
    END IF;
    RETURN NEXT made;
END $$;
COMMENT ON FUNCTION govgrid.insert_incident IS
    'writes an incident with its first move, its alarms and its cameras, by the rights of who asks';
GRANT EXECUTE ON FUNCTION govgrid.insert_incident TO govgrid_web;
