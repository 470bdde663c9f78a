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
