-- Statistics of incidents: what counts as what, sums of each day, issued periods that stay as they were.
-- geo/incidents/rules/rates.py makes rates of the counts; docs/statistics.md has every definition.

CREATE FUNCTION govgrid.local_day(moment timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (moment AT TIME ZONE
        coalesce(nullif(current_setting('govgrid.timezone', true), ''), 'Asia/Shanghai'))::date
$$;
CREATE FUNCTION govgrid.day_start(day date) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT day::timestamp AT TIME ZONE
        coalesce(nullif(current_setting('govgrid.timezone', true), ''), 'Asia/Shanghai')
$$;
CREATE FUNCTION govgrid.granted_codes() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(n.code), '{}') FROM govgrid.area_now n
    WHERE string_to_array(ltree2text(n.path), '.')::bigint[]
        && string_to_array(nullif(govgrid.session_setting('granted'), 'all'), ',')::bigint[]
$$;
COMMENT ON FUNCTION govgrid.granted_codes IS 'codes of the areas of the session; areas of older versions count by their township';

-- A category by its code or its name; one of the site comes before a shipped one.
CREATE VIEW govgrid.category_word WITH (security_invoker = true) AS
    SELECT DISTINCT ON (word) word, name, grade FROM (
        SELECT code AS word, code, name, grade, shipped FROM govgrid.category
        UNION ALL SELECT name, code, name, grade, shipped FROM govgrid.category) k
    ORDER BY word, shipped, code;
-- A source by its code or by its name in either language, blanks apart.
CREATE VIEW govgrid.source_word WITH (security_invoker = true) AS
    SELECT DISTINCT ON (word) word, code FROM govgrid.incident_source s
    CROSS JOIN LATERAL (VALUES (s.code), (replace(s.zh, ' ', '')), (replace(s.en, ' ', ''))) AS w (word)
    ORDER BY word, rank, code;

-- One row an incident: where and what it belongs to, and what it counts as.
CREATE VIEW govgrid.incident_fact WITH (security_invoker = true) AS
    SELECT coalesce(i.reported_at, i.occurred_at, i.created_at) AS known_at, i.closed_at, i.due_at,
        i.township_code, i.community_code,
        -- of a sensitive incident no figure says more than the community
        CASE WHEN NOT i.sensitive THEN i.grid_code END AS grid_code,
        coalesce(k.name, i.category, '') AS category, f.grade, coalesce(i.level, '') AS level,
        coalesce(i.unit_code, '') AS unit, coalesce(s.code, i.source, '') AS source,
        f.counted::int AS collected,
        (i.state = 'duplicate')::int AS duplicates,
        (i.state = 'cancelled')::int AS cancelled,
        (i.state = 'not_accepted')::int AS not_accepted,
        (f.counted AND i.state NOT IN ('reported', 'not_accepted'))::int AS accepted,
        f.closed::int AS closed,
        (f.closed AND coalesce(i.outcome = 'resolved', false))::int AS resolved,
        (f.timed AND coalesce(f.ended_at <= i.due_at, false))::int AS on_time,
        (f.timed AND coalesce(f.ended_at > i.due_at, false))::int AS late,
        f.timed AND f.ended_at IS NULL AND NOT i.on_hold AS waiting,
        (f.counted AND i.on_hold)::int AS on_hold,
        (f.counted AND d.sent)::int AS sent,
        (f.counted AND d.returned)::int AS returned,
        (f.counted AND i.reopened > 0)::int AS reopened,
        (f.closed OR (f.counted AND i.reopened > 0))::int AS ended,
        (f.counted AND i.wrong_dispatches > 0)::int AS wrong_dispatch,
        (f.counted AND d.sent AND i.override_reason IS NOT NULL)::int AS overridden,
        (f.counted AND d.sent AND i.proposed_unit_code IS NOT NULL)::int AS proposed,
        (f.closed AND f.grade = 'ordinary')::int AS small_closed,
        (f.closed AND f.grade = 'ordinary' AND coalesce(i.level IN ('grid', 'community'), false))::int AS small_kept,
        (f.closed AND f.grade <> 'ordinary')::int AS big_closed,
        (f.closed AND f.grade <> 'ordinary'
            AND coalesce(i.level IN ('grid', 'community', 'township'), false))::int AS big_kept,
        (f.closed AND i.level IS NULL)::int AS level_unknown
    FROM govgrid.incident i
    LEFT JOIN govgrid.category_word k ON k.word = i.category
    LEFT JOIN govgrid.source_word s ON s.word = replace(i.source, ' ', '')
    CROSS JOIN LATERAL (SELECT
        i.state NOT IN ('draft', 'duplicate', 'cancelled') AS counted,
        i.state NOT IN ('draft', 'duplicate', 'cancelled', 'not_accepted') AS timed,
        i.state = 'closed' AS closed,
        coalesce(i.grade, k.grade, 'ordinary') AS grade,
        coalesce(i.first_done_at, i.closed_at) AS ended_at) f
    CROSS JOIN LATERAL (SELECT count(*) > 0 AS sent, coalesce(bool_or(d.state = 'returned'), false) AS returned
        FROM govgrid.dispatch d
        WHERE d.incident_code = i.code AND d.kind NOT IN ('whistle', 'paired')) d;
CREATE INDEX incident_closed ON govgrid.incident (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_waiting ON govgrid.incident (due_at)
    WHERE first_done_at IS NULL AND closed_at IS NULL AND NOT on_hold;

-- Sums of each day by community. What was written since a day was summed stands in tally_change:
-- a day without a row there is exactly what incident_tally says of it, also where that is nothing.
CREATE TABLE govgrid.incident_tally (
    basis text NOT NULL CHECK (basis IN ('collected', 'closed')),
    day date NOT NULL,
    township_code text, community_code text, grid_code text, key text NOT NULL DEFAULT '',
    collected bigint NOT NULL DEFAULT 0, duplicates bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0, not_accepted bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0, closed bigint NOT NULL DEFAULT 0,
    resolved bigint NOT NULL DEFAULT 0, on_time bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0, overdue bigint NOT NULL DEFAULT 0,
    on_hold bigint NOT NULL DEFAULT 0, sent bigint NOT NULL DEFAULT 0,
    returned bigint NOT NULL DEFAULT 0, reopened bigint NOT NULL DEFAULT 0,
    ended bigint NOT NULL DEFAULT 0, wrong_dispatch bigint NOT NULL DEFAULT 0,
    overridden bigint NOT NULL DEFAULT 0, proposed bigint NOT NULL DEFAULT 0,
    small_closed bigint NOT NULL DEFAULT 0, small_kept bigint NOT NULL DEFAULT 0,
    big_closed bigint NOT NULL DEFAULT 0, big_kept bigint NOT NULL DEFAULT 0,
    level_unknown bigint NOT NULL DEFAULT 0
);
CREATE INDEX incident_tally_day ON govgrid.incident_tally (basis, day);
COMMENT ON TABLE govgrid.incident_tally IS 'derived: sums of a day by community, "closed" by the day of closure';
COMMENT ON COLUMN govgrid.incident_tally.overdue IS 'open and past the limit: moves with the clock, so it is never stored here';
CREATE TABLE govgrid.tally_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date NOT NULL
);
CREATE INDEX tally_change_day ON govgrid.tally_change (day);
COMMENT ON TABLE govgrid.tally_change IS 'days to be summed anew; rows are only added, so that nobody who writes waits';

CREATE FUNCTION govgrid.mark_tally() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO govgrid.tally_change (day)
        SELECT DISTINCT govgrid.local_day(t.at) FROM newer n CROSS JOIN LATERAL (VALUES
            (coalesce(n.reported_at, n.occurred_at, n.created_at)), (n.closed_at)) AS t (at)
        WHERE t.at IS NOT NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO govgrid.tally_change (day)
        SELECT DISTINCT govgrid.local_day(t.at) FROM older o CROSS JOIN LATERAL (VALUES
            (coalesce(o.reported_at, o.occurred_at, o.created_at)), (o.closed_at)) AS t (at)
        WHERE t.at IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_tally_added AFTER INSERT ON govgrid.incident
    REFERENCING NEW TABLE AS newer FOR EACH STATEMENT EXECUTE FUNCTION govgrid.mark_tally();
CREATE TRIGGER mark_tally_changed AFTER UPDATE ON govgrid.incident
    REFERENCING OLD TABLE AS older NEW TABLE AS newer FOR EACH STATEMENT EXECUTE FUNCTION govgrid.mark_tally();
CREATE TRIGGER mark_tally_gone AFTER DELETE ON govgrid.incident
    REFERENCING OLD TABLE AS older FOR EACH STATEMENT EXECUTE FUNCTION govgrid.mark_tally();
-- The grade of an incident without one of its own is that of its category.
CREATE FUNCTION govgrid.mark_all_tallies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO govgrid.tally_change (day) SELECT DISTINCT day FROM govgrid.incident_tally;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_all_tallies AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON govgrid.category
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.mark_all_tallies();
CREATE TRIGGER mark_all_tallies AFTER TRUNCATE ON govgrid.incident
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.mark_all_tallies();
INSERT INTO govgrid.tally_change (day)
SELECT DISTINCT govgrid.local_day(t.at) FROM govgrid.incident i CROSS JOIN LATERAL (VALUES
    (coalesce(i.reported_at, i.occurred_at, i.created_at)), (i.closed_at)) AS t (at)
WHERE t.at IS NOT NULL;

CREATE FUNCTION govgrid.statistics_month(day date, starts integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(date_trunc('month', day::timestamp) + CASE WHEN starts > 1 AND extract(day FROM day) >= starts
        THEN interval '1 month' ELSE interval '0' END, 'YYYY-MM')
$$;
COMMENT ON FUNCTION govgrid.statistics_month IS
    'the month that a day counts to: with 26, the 26th and what follows belong to the next month';

-- Sums of incidents known, or closed, from one moment to another, by areas and a key; `wanted` cuts
-- them to a category, grade, level, unit, source. Owner's rights: row-level security would go by
-- places, figures go by the areas that were recorded; the session is asked at the end instead.
CREATE FUNCTION govgrid.count_facts(
    of_basis text, from_at timestamptz, to_at timestamptz, by_key text, starts integer, wanted jsonb
) RETURNS SETOF govgrid.incident_tally
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    everything boolean := govgrid.session_setting('granted') = 'all';
    codes text[] := govgrid.granted_codes();
    moment timestamptz := govgrid.now();
BEGIN
    RETURN QUERY
    SELECT of_basis, NULL::date, f.township_code, f.community_code, f.grid_code, key.word,
        sum(f.collected), sum(f.duplicates), sum(f.cancelled), sum(f.not_accepted), sum(f.accepted),
        sum(f.closed), sum(f.resolved), sum(f.on_time), sum(f.late),
        count(*) FILTER (WHERE f.waiting AND f.due_at < moment),
        sum(f.on_hold), sum(f.sent), sum(f.returned), sum(f.reopened), sum(f.ended),
        sum(f.wrong_dispatch), sum(f.overridden), sum(f.proposed), sum(f.small_closed),
        sum(f.small_kept), sum(f.big_closed), sum(f.big_kept), sum(f.level_unknown)
    FROM govgrid.incident_fact f
    CROSS JOIN LATERAL unnest(CASE by_key
        WHEN 'category' THEN ARRAY[f.category] WHEN 'grade' THEN ARRAY[f.grade]
        WHEN 'level' THEN ARRAY[f.level] WHEN 'unit' THEN ARRAY[f.unit]
        WHEN 'source' THEN ARRAY[f.source]
        WHEN 'month' THEN ARRAY[govgrid.statistics_month(govgrid.local_day(
            CASE of_basis WHEN 'closed' THEN f.closed_at ELSE f.known_at END), starts)]
        WHEN 'paired' THEN coalesce(nullif(ARRAY(SELECT DISTINCT p.unit_code FROM govgrid.pairing p
            WHERE p.area_code IN (f.grid_code, f.community_code, f.township_code)
            AND coalesce(p.since <= govgrid.local_day(f.known_at), true)), '{}'), ARRAY[''])
        ELSE ARRAY[''] END) AS key (word)
    WHERE ((of_basis = 'collected' AND f.known_at >= from_at AND f.known_at < to_at)
            OR (of_basis = 'closed' AND f.closed = 1 AND f.closed_at >= from_at AND f.closed_at < to_at))
        AND f.category = coalesce(wanted ->> 'category', f.category)
        AND f.grade = coalesce(wanted ->> 'grade', f.grade)
        AND f.level = coalesce(wanted ->> 'level', f.level)
        AND f.unit = coalesce(wanted ->> 'unit', f.unit)
        AND f.source = coalesce(wanted ->> 'source', f.source)
        AND (everything OR f.township_code = ANY (codes) OR f.community_code = ANY (codes)
            OR f.grid_code = ANY (codes))
    GROUP BY f.township_code, f.community_code, f.grid_code, key.word;
END $$;

-- The same by community, of the sums of each day; days that were written since are counted afresh.
CREATE FUNCTION govgrid.count_tallied(
    of_basis text, since date, until date, by_key text, starts integer
) RETURNS SETOF govgrid.incident_tally
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    everything boolean := govgrid.session_setting('granted') = 'all';
    codes text[] := govgrid.granted_codes();
    moment timestamptz := govgrid.now();
    changed date[] := ARRAY(SELECT DISTINCT c.day FROM govgrid.tally_change c WHERE c.day BETWEEN since AND until);
BEGIN
    RETURN QUERY
    SELECT of_basis, NULL::date, t.township_code, t.community_code, NULL::text,
        CASE by_key WHEN 'month' THEN govgrid.statistics_month(t.day, starts) ELSE '' END AS word,
        sum(t.collected)::bigint, sum(t.duplicates)::bigint, sum(t.cancelled)::bigint,
        sum(t.not_accepted)::bigint, sum(t.accepted)::bigint, sum(t.closed)::bigint,
        sum(t.resolved)::bigint, sum(t.on_time)::bigint, sum(t.late)::bigint, 0::bigint,
        sum(t.on_hold)::bigint, sum(t.sent)::bigint, sum(t.returned)::bigint,
        sum(t.reopened)::bigint, sum(t.ended)::bigint, sum(t.wrong_dispatch)::bigint,
        sum(t.overridden)::bigint, sum(t.proposed)::bigint, sum(t.small_closed)::bigint,
        sum(t.small_kept)::bigint, sum(t.big_closed)::bigint, sum(t.big_kept)::bigint,
        sum(t.level_unknown)::bigint
    FROM govgrid.incident_tally t
    WHERE t.basis = of_basis AND t.day BETWEEN since AND until AND NOT t.day = ANY (changed)
        AND (everything OR t.township_code = ANY (codes) OR t.community_code = ANY (codes))
    GROUP BY t.township_code, t.community_code, word;
    RETURN QUERY -- days in a row are counted at once
    SELECT f.* FROM (
        SELECT min(d.day) AS first, max(d.day) AS last FROM (
            SELECT c.day, c.day - row_number() OVER (ORDER BY c.day)::int AS run
            FROM unnest(changed) AS c (day)) d GROUP BY d.run) r
    CROSS JOIN LATERAL govgrid.count_facts(of_basis, govgrid.day_start(r.first),
        govgrid.day_start(r.last + 1), CASE by_key WHEN 'month' THEN 'month' ELSE '' END, starts, '{}') f;
    IF of_basis = 'collected' THEN -- what became overdue by the clock alone
        RETURN QUERY
        SELECT of_basis, NULL::date, w.township_code, w.community_code, NULL::text,
            CASE by_key WHEN 'month' THEN govgrid.statistics_month(govgrid.local_day(w.known_at), starts) ELSE '' END AS word,
            0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
            count(*), 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
            0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint
        FROM (
            SELECT i.township_code, i.community_code, coalesce(i.reported_at, i.occurred_at, i.created_at) AS known_at
            FROM govgrid.incident i
            WHERE i.first_done_at IS NULL AND i.closed_at IS NULL AND NOT i.on_hold AND i.due_at < moment
                AND i.state NOT IN ('draft', 'duplicate', 'cancelled', 'not_accepted')) w
        WHERE w.known_at >= govgrid.day_start(since) AND w.known_at < govgrid.day_start(until + 1)
            AND NOT govgrid.local_day(w.known_at) = ANY (changed)
            AND (everything OR w.township_code = ANY (codes) OR w.community_code = ANY (codes))
        GROUP BY w.township_code, w.community_code, word;
    END IF;
END $$;

-- Sum some of the days anew that were written since, the newest first; returns how many. In a
-- transaction that reads one state of the database: what another commits meanwhile leaves its day marked.
CREATE FUNCTION govgrid.refresh_tally(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    days date[] := ARRAY(SELECT DISTINCT day FROM govgrid.tally_change ORDER BY day DESC LIMIT most);
BEGIN
    DELETE FROM govgrid.tally_change WHERE day = ANY (days);
    DELETE FROM govgrid.incident_tally WHERE day = ANY (days);
    INSERT INTO govgrid.incident_tally
    SELECT b.basis, d.day, f.township_code, f.community_code, NULL, '',
        sum(f.collected), sum(f.duplicates), sum(f.cancelled), sum(f.not_accepted), sum(f.accepted),
        sum(f.closed), sum(f.resolved), sum(f.on_time), sum(f.late), 0, sum(f.on_hold), sum(f.sent),
        sum(f.returned), sum(f.reopened), sum(f.ended), sum(f.wrong_dispatch), sum(f.overridden),
        sum(f.proposed), sum(f.small_closed), sum(f.small_kept), sum(f.big_closed), sum(f.big_kept),
        sum(f.level_unknown)
    FROM unnest(days) AS d (day) CROSS JOIN (VALUES ('collected'), ('closed')) AS b (basis)
    JOIN LATERAL (
        SELECT * FROM govgrid.incident_fact f WHERE b.basis = 'collected'
            AND f.known_at >= govgrid.day_start(d.day) AND f.known_at < govgrid.day_start(d.day + 1)
        UNION ALL SELECT * FROM govgrid.incident_fact f WHERE b.basis = 'closed' AND f.closed = 1
            AND f.closed_at >= govgrid.day_start(d.day) AND f.closed_at < govgrid.day_start(d.day + 1)) f ON true
    GROUP BY b.basis, d.day, f.township_code, f.community_code;
    RETURN cardinality(days);
END $$;

-- Named sets of areas (试点) and named periods (专项); one row may be both.
CREATE TABLE govgrid.statistics_scope (
    name    text PRIMARY KEY CHECK (length(btrim(name)) BETWEEN 1 AND 40),
    areas   text[] CHECK (cardinality(areas) > 0),
    since   date,
    until   date,
    changed_at timestamptz NOT NULL DEFAULT govgrid.now(),
    changed_by text NOT NULL,
    CHECK (since <= until),
    CHECK (areas IS NOT NULL OR since IS NOT NULL OR until IS NOT NULL)
);
COMMENT ON COLUMN govgrid.statistics_scope.areas IS 'codes of any level; null: everywhere';

-- A period whose figures went out: they stay; what came later is told apart (补报).
CREATE TABLE govgrid.statistics_issue (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    since     date NOT NULL,
    until     date NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT govgrid.now(),
    issued_by text NOT NULL,
    CHECK (since <= until),
    UNIQUE (since, until)
);
CREATE TABLE govgrid.statistics_issue_count (
    issue  bigint NOT NULL REFERENCES govgrid.statistics_issue ON DELETE CASCADE,
    by_key text NOT NULL,
    LIKE govgrid.incident_tally INCLUDING DEFAULTS
);
ALTER TABLE govgrid.statistics_issue_count ALTER COLUMN day DROP NOT NULL; -- of the whole period
CREATE INDEX statistics_issue_count_of ON govgrid.statistics_issue_count (issue, by_key, basis);
COMMENT ON TABLE govgrid.statistics_issue IS 'issued once; nothing here is ever changed';
CREATE FUNCTION govgrid.reject_issue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'issued figures stay as they are' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON govgrid.statistics_issue
    FOR EACH ROW EXECUTE FUNCTION govgrid.reject_issue_change();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON govgrid.statistics_issue_count
    FOR EACH ROW EXECUTE FUNCTION govgrid.reject_issue_change();
ALTER TABLE govgrid.statistics_issue_count ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.statistics_issue_count FOR SELECT TO govgrid_web USING (
    (SELECT govgrid.session_setting('granted')) = 'all'
    OR township_code = ANY ((SELECT govgrid.granted_codes())::text[])
    OR community_code = ANY ((SELECT govgrid.granted_codes())::text[])
    OR grid_code = ANY ((SELECT govgrid.granted_codes())::text[]));
CREATE POLICY made ON govgrid.statistics_issue_count FOR INSERT TO govgrid_web
    WITH CHECK (govgrid.has_action('statistics'));

REVOKE EXECUTE ON FUNCTION govgrid.count_facts, govgrid.count_tallied, govgrid.refresh_tally FROM PUBLIC;
GRANT SELECT, INSERT ON govgrid.statistics_issue, govgrid.statistics_issue_count TO govgrid_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON govgrid.statistics_scope TO govgrid_web;
GRANT SELECT ON govgrid.category_word, govgrid.source_word TO govgrid_web;
GRANT EXECUTE ON FUNCTION govgrid.local_day, govgrid.day_start, govgrid.granted_codes, govgrid.statistics_month,
    govgrid.count_facts, govgrid.count_tallied TO govgrid_web;

CREATE VIEW govgrid.area_name WITH (security_invoker = true) AS
    SELECT DISTINCT ON (level, code) level, code, name FROM govgrid.area ORDER BY level, code, lower(valid) DESC NULLS LAST;
COMMENT ON VIEW govgrid.area_name IS 'for figures: names of the areas of all times, as they were called last';
GRANT SELECT ON govgrid.area_name TO govgrid_web, govgrid_read;
