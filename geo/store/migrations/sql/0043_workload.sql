-- Attendance, hot spots, what no camera could see, and the workload of communities.
-- The functions have owner's rights as count_facts has: figures go by the areas that were recorded,
-- and the session is asked in them.

CREATE FUNCTION govgrid.count_called(from_at timestamptz, to_at timestamptz, starts integer)
RETURNS TABLE (
    whistle uuid, month text, blown_at timestamptz, report_by timestamptz, unit text, name text,
    role text, reported_in_at timestamptz, called_at timestamptz, arrive_due timestamptz, township_code text, community_code text, grid_code text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    everything boolean := govgrid.session_setting('granted') = 'all';
    codes text[] := govgrid.granted_codes();
BEGIN
    RETURN QUERY
    SELECT w.id, govgrid.statistics_month(govgrid.local_day(w.blown_at), starts), w.blown_at, w.report_by,
        d.unit_code, u.name,
        CASE WHEN d.kind = 'paired' THEN 'paired' WHEN d.lead THEN 'lead' ELSE 'joint' END,
        d.reported_in_at, d.dispatched_at, d.arrive_due, i.township_code, i.community_code, CASE WHEN NOT i.sensitive THEN i.grid_code END
    FROM govgrid.whistle w
    JOIN govgrid.incident i ON i.id = w.incident
    JOIN govgrid.dispatch d ON d.whistle = w.id
    LEFT JOIN govgrid.unit u ON u.code = d.unit_code
    WHERE w.blown_at >= from_at AND w.blown_at < to_at AND w.state <> 'called_off'
        AND (w.state = 'ended' OR (w.report_by < govgrid.now() AND NOT EXISTS (SELECT FROM govgrid.dispatch n
            WHERE n.whistle = w.id AND n.arrive_due >= govgrid.now())))
        AND (everything OR i.township_code = ANY (codes) OR i.community_code = ANY (codes)
            OR (i.grid_code = ANY (codes) AND NOT i.sensitive));
END $$;
COMMENT ON FUNCTION govgrid.count_called IS
    'a row a unit of each whistle once the time of all its units is over; those called off are left out';

-- By place and hour: incidents as incident_fact counts them. When it happened, else when it was
-- reported; a moment of midnight sharp is a day without a time, so its hour is not known.
-- Unseen: the newest answer about its cameras names none that sees or may see the place.
CREATE FUNCTION govgrid.count_hours(from_at timestamptz, to_at timestamptz, wanted jsonb)
RETURNS TABLE (
    township_code text, community_code text, grid_code text, sensitive boolean, hour integer,
    collected bigint, asked bigint, unseen bigint, ticked bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    everything boolean := govgrid.session_setting('granted') = 'all';
    codes text[] := govgrid.granted_codes();
    zone text := coalesce(nullif(current_setting('govgrid.timezone', true), ''), 'Asia/Shanghai');
BEGIN
    RETURN QUERY
    SELECT i.township_code, i.community_code, CASE WHEN NOT i.sensitive THEN i.grid_code END, i.sensitive,
        CASE WHEN t.local::time <> time '00:00' THEN extract(hour FROM t.local)::integer END,
        count(*), count(a.no), count(*) FILTER (WHERE NOT a.seen), count(*) FILTER (WHERE i.unseen_demand)
    FROM govgrid.incident i
    LEFT JOIN govgrid.category_word k ON k.word = i.category
    LEFT JOIN govgrid.source_word s ON s.word = replace(i.source, ' ', '')
    CROSS JOIN LATERAL (SELECT coalesce(i.reported_at, i.occurred_at, i.created_at) AS known_at,
        coalesce(i.occurred_at, i.reported_at, i.created_at) AT TIME ZONE zone AS local) t
    LEFT JOIN LATERAL (
        SELECT n.no, EXISTS (SELECT FROM govgrid.incident_camera c WHERE c.incident = n.incident
            AND c.no = n.no AND c.relation IN ('sees', 'possible')) AS seen
        FROM govgrid.camera_answer n WHERE n.incident = i.id ORDER BY n.no DESC LIMIT 1) a ON true
    WHERE t.known_at >= from_at AND t.known_at < to_at AND i.state NOT IN ('draft', 'duplicate', 'cancelled')
        AND coalesce(k.name, i.category, '') = coalesce(wanted ->> 'category', k.name, i.category, '')
        AND coalesce(i.grade, k.grade, 'ordinary') = coalesce(wanted ->> 'grade', i.grade, k.grade, 'ordinary')
        AND coalesce(i.level, '') = coalesce(wanted ->> 'level', i.level, '')
        AND coalesce(i.unit_code, '') = coalesce(wanted ->> 'unit', i.unit_code, '')
        AND coalesce(s.code, i.source, '') = coalesce(wanted ->> 'source', s.code, i.source, '')
        AND (everything OR i.township_code = ANY (codes) OR i.community_code = ANY (codes)
            OR (i.grid_code = ANY (codes) AND NOT i.sensitive))
    GROUP BY 1, 2, 3, 4, 5;
END $$;

-- Only computing reads it, as the owner: under row-level security cameras of others would lack.
CREATE VIEW govgrid.incident_demand WITH (security_invoker = true) AS
    SELECT i.geom, coalesce(i.reported_at, i.occurred_at) AS known_at, i.unseen_demand AS ticked,
        coalesce(NOT a.seen, false) AS unseen
    FROM govgrid.incident i
    LEFT JOIN LATERAL (
        SELECT EXISTS (SELECT FROM govgrid.incident_camera c WHERE c.incident = n.incident
            AND c.no = n.no AND c.relation IN ('sees', 'possible')) AS seen
        FROM govgrid.camera_answer n WHERE n.incident = i.id ORDER BY n.no DESC LIMIT 1) a ON true
    WHERE NOT i.sensitive AND i.geom IS NOT NULL AND NOT ST_IsEmpty(i.geom);
COMMENT ON VIEW govgrid.incident_demand IS 'for demand: places of incidents, ticked as demand or seen by no camera as answered';

-- Numbers of a community as an office counted them on a day: no register of residents.
CREATE TABLE govgrid.area_count (
    area_code  text NOT NULL,
    day        date NOT NULL,
    households integer CHECK (households >= 0),
    residents  integer CHECK (residents >= 0),
    unmanaged_estates integer CHECK (unmanaged_estates >= 0),
    source     text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    import_run bigint,
    PRIMARY KEY (area_code, day),
    CHECK (num_nonnulls(households, residents, unmanaged_estates) > 0)
);
COMMENT ON TABLE govgrid.area_count IS 'dated aggregates of a community, each with its source; of several days all stay';
SELECT govgrid.track_import_changes('area_count', 'area_code day', '');
GRANT SELECT ON govgrid.area_count TO govgrid_web;

CREATE VIEW govgrid.workload_area WITH (security_invoker = true) AS
    SELECT c.code, c.name, ST_Area(c.geom::geography) AS area_m2,
        (SELECT count(*) FROM govgrid.area_now g WHERE g.level = 'grid' AND g.path <@ c.path) AS grids
    FROM govgrid.area_now c WHERE c.level = 'community';
COMMENT ON VIEW govgrid.workload_area IS 'for workload: communities of today with their ground and grids';
-- An estate belongs to the community that covers it, of several to the smallest code.
CREATE VIEW govgrid.workload_estate WITH (security_invoker = true) AS
    SELECT DISTINCT ON (p.code) p.code, a.code AS community_code
    FROM govgrid.place p JOIN govgrid.area_now a ON a.level = 'community' AND ST_Covers(a.geom, p.geom)
    WHERE p.kind LIKE '%无物管%' ORDER BY p.code, a.code;
COMMENT ON VIEW govgrid.workload_estate IS 'for workload: housing estates without a manager (places of the kind 无物管小区)';
CREATE VIEW govgrid.workload_gap WITH (security_invoker = true) AS
    SELECT g.coverage_run, g.detail, c.code AS community_code, g.area_m2
    FROM govgrid.gap g JOIN govgrid.area_now a ON a.code = g.grid_code AND a.level = 'grid'
    JOIN govgrid.area_now c ON c.path @> a.path AND c.level = 'community'
    WHERE g.device_set = 'all' AND g.certainty = 'certain'
        AND g.coverage_run = (SELECT max(id) FROM govgrid.newest_run);
COMMENT ON VIEW govgrid.workload_gap IS 'for workload: gaps of all cameras of the newest run, by community';

REVOKE EXECUTE ON FUNCTION govgrid.count_called, govgrid.count_hours FROM PUBLIC;
GRANT EXECUTE ON FUNCTION govgrid.count_called, govgrid.count_hours TO govgrid_web;
GRANT SELECT ON govgrid.workload_area, govgrid.workload_estate, govgrid.workload_gap TO govgrid_web;
