-- Shifts of a centre (值班日志): who took over and handed over, posts and accounts, what was open then.

CREATE TABLE govgrid.shift_log (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    unit_code    text,
    area_unit_id bigint,
    begun_at     timestamptz NOT NULL DEFAULT govgrid.now(),
    begun_by     text NOT NULL,
    post         text NOT NULL,
    leader_post  text,
    weather      text,
    taken_from   uuid REFERENCES govgrid.shift_log (id),
    at_begin     jsonb NOT NULL DEFAULT '{}',
    ended_at     timestamptz,
    ended_by     text,
    note         text,
    at_end       jsonb,
    CHECK (ended_at >= begun_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX shift_log_open ON govgrid.shift_log (coalesce(unit_code, '')) WHERE ended_at IS NULL;
CREATE INDEX shift_log_of ON govgrid.shift_log (unit_code, begun_at);
COMMENT ON TABLE govgrid.shift_log IS 'posts, never names of persons; who is behind a post stands in the audit';
COMMENT ON COLUMN govgrid.shift_log.unit_code IS 'the desk: unit of the accounts on duty';
COMMENT ON COLUMN govgrid.shift_log.at_end IS 'what was open, overdue, unsigned, which cameras were down when it was handed over';
ALTER TABLE govgrid.shift_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.shift_log FOR SELECT TO govgrid_web USING (
    govgrid.has_action('shift') AND (govgrid.session_setting('granted') = 'all'
        OR unit_code = govgrid.session_setting('unit')));
CREATE POLICY begun ON govgrid.shift_log FOR INSERT TO govgrid_web WITH CHECK (
    govgrid.has_action('shift') AND coalesce(unit_code, '') = coalesce(govgrid.session_setting('unit'), ''));
CREATE POLICY ended ON govgrid.shift_log FOR UPDATE TO govgrid_web USING (
    govgrid.has_action('shift') AND coalesce(unit_code, '') = coalesce(govgrid.session_setting('unit'), ''));
GRANT SELECT, INSERT, UPDATE ON govgrid.shift_log TO govgrid_web;

CREATE VIEW govgrid.area_on_day WITH (security_invoker = true) AS
    SELECT a.unit_id, a.level, a.code, a.name, a.valid, n.valid AS nested, n.path
    FROM govgrid.area a JOIN govgrid.area_nesting n USING (unit_id);
COMMENT ON VIEW govgrid.area_on_day IS 'for incidents of files: areas of any day with what was above them then';
GRANT SELECT ON govgrid.area_on_day TO govgrid_web;

-- What is overdue stands in the sums as of a moment that the worker moves on: a day is summed anew when
-- a limit of one of its incidents passed since. Only what passed after that moment is counted with the answer.

CREATE TABLE govgrid.tally_clock (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    moment timestamptz NOT NULL
);
COMMENT ON TABLE govgrid.tally_clock IS 'up to when incident_tally counts what is overdue';
INSERT INTO govgrid.tally_clock (moment) VALUES ('-infinity');
COMMENT ON COLUMN govgrid.incident_tally.overdue IS 'open and past the limit at the moment of tally_clock';

-- The same by community, of the sums of each day; days that were written since are counted afresh.
CREATE OR REPLACE FUNCTION govgrid.count_tallied(
    of_basis text, since date, until date, by_key text, starts integer
) RETURNS SETOF govgrid.incident_tally
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    everything boolean := govgrid.session_setting('granted') = 'all';
    codes text[] := govgrid.granted_codes();
    moment timestamptz := govgrid.now();
    counted timestamptz := (SELECT c.moment FROM govgrid.tally_clock c);
    changed date[] := ARRAY(SELECT DISTINCT c.day FROM govgrid.tally_change c WHERE c.day BETWEEN since AND until);
BEGIN
    IF moment < counted THEN -- a clock that was put back: the sums are of later
        RETURN QUERY SELECT * FROM govgrid.count_facts(of_basis, govgrid.day_start(since), govgrid.day_start(until + 1),
            CASE by_key WHEN 'month' THEN 'month' ELSE '' END, starts, '{}');
        RETURN;
    END IF;
    RETURN QUERY
    WITH days AS MATERIALIZED (
        SELECT d.day, CASE by_key WHEN 'month' THEN govgrid.statistics_month(d.day, starts) ELSE '' END AS word
        FROM (SELECT DISTINCT y.day FROM govgrid.incident_tally y
            WHERE y.basis = of_basis AND y.day BETWEEN since AND until AND NOT y.day = ANY (changed)) d)
    SELECT of_basis, NULL::date, t.township_code, t.community_code, NULL::text, d.word,
        sum(t.collected)::bigint, sum(t.duplicates)::bigint, sum(t.cancelled)::bigint,
        sum(t.not_accepted)::bigint, sum(t.accepted)::bigint, sum(t.closed)::bigint,
        sum(t.resolved)::bigint, sum(t.on_time)::bigint, sum(t.late)::bigint, sum(t.overdue)::bigint,
        sum(t.on_hold)::bigint, sum(t.sent)::bigint, sum(t.returned)::bigint,
        sum(t.reopened)::bigint, sum(t.ended)::bigint, sum(t.wrong_dispatch)::bigint,
        sum(t.overridden)::bigint, sum(t.proposed)::bigint, sum(t.small_closed)::bigint,
        sum(t.small_kept)::bigint, sum(t.big_closed)::bigint, sum(t.big_kept)::bigint,
        sum(t.level_unknown)::bigint
    FROM govgrid.incident_tally t JOIN days d USING (day)
    WHERE t.basis = of_basis
        AND (everything OR t.township_code = ANY (codes) OR t.community_code = ANY (codes))
    GROUP BY t.township_code, t.community_code, d.word;
    RETURN QUERY -- days in a row are counted at once
    SELECT f.* FROM (
        SELECT min(d.day) AS first, max(d.day) AS last FROM (
            SELECT c.day, c.day - row_number() OVER (ORDER BY c.day)::int AS run
            FROM unnest(changed) AS c (day)) d GROUP BY d.run) r
    CROSS JOIN LATERAL govgrid.count_facts(of_basis, govgrid.day_start(r.first),
        govgrid.day_start(r.last + 1), CASE by_key WHEN 'month' THEN 'month' ELSE '' END, starts, '{}') f;
    IF of_basis = 'collected' THEN -- what became overdue since the sums were made
        RETURN QUERY
        SELECT of_basis, NULL::date, w.township_code, w.community_code, NULL::text,
            CASE by_key WHEN 'month' THEN govgrid.statistics_month(govgrid.local_day(w.known_at), starts) ELSE '' END AS word,
            0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
            count(*), 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
            0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint
        FROM (
            SELECT i.township_code, i.community_code, coalesce(i.reported_at, i.occurred_at, i.created_at) AS known_at
            FROM govgrid.incident i
            WHERE i.first_done_at IS NULL AND i.closed_at IS NULL AND NOT i.on_hold
                AND i.due_at >= counted AND i.due_at < moment
                AND i.state NOT IN ('draft', 'duplicate', 'cancelled', 'not_accepted')) w
        WHERE w.known_at >= govgrid.day_start(since) AND w.known_at < govgrid.day_start(until + 1)
            AND NOT govgrid.local_day(w.known_at) = ANY (changed)
            AND (everything OR w.township_code = ANY (codes) OR w.community_code = ANY (codes))
        GROUP BY w.township_code, w.community_code, word;
    END IF;
END $$;

-- Sum some of the days anew that were written since, the newest first; returns how many. In a
-- transaction that reads one state of the database: what another commits meanwhile leaves its day marked.
CREATE OR REPLACE FUNCTION govgrid.refresh_tally(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    counted timestamptz;
    is_now timestamptz := govgrid.now();
    days date[];
BEGIN
    SELECT c.moment INTO counted FROM govgrid.tally_clock c FOR UPDATE;
    IF is_now < counted THEN
        INSERT INTO govgrid.tally_change (day) SELECT DISTINCT day FROM govgrid.incident_tally;
    ELSE
        INSERT INTO govgrid.tally_change (day)
        SELECT DISTINCT govgrid.local_day(coalesce(i.reported_at, i.occurred_at, i.created_at)) FROM govgrid.incident i
        WHERE i.first_done_at IS NULL AND i.closed_at IS NULL AND NOT i.on_hold
            AND i.due_at >= counted AND i.due_at < is_now
            AND i.state NOT IN ('draft', 'duplicate', 'cancelled', 'not_accepted');
    END IF;
    UPDATE govgrid.tally_clock c SET moment = is_now;
    days := ARRAY(SELECT DISTINCT day FROM govgrid.tally_change ORDER BY day DESC LIMIT most);
    DELETE FROM govgrid.tally_change WHERE day = ANY (days);
    DELETE FROM govgrid.incident_tally WHERE day = ANY (days);
    INSERT INTO govgrid.incident_tally
    SELECT b.basis, d.day, f.township_code, f.community_code, NULL, '',
        sum(f.collected), sum(f.duplicates), sum(f.cancelled), sum(f.not_accepted), sum(f.accepted),
        sum(f.closed), sum(f.resolved), sum(f.on_time), sum(f.late),
        count(*) FILTER (WHERE f.waiting AND f.due_at < is_now), sum(f.on_hold), sum(f.sent),
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
