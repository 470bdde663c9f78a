-- 12345 both ways: its work orders with limits of their own, what was replied; how people were satisfied.

CREATE TABLE govgrid.hotline_order (
    incident      uuid PRIMARY KEY REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    number        text NOT NULL UNIQUE,
    due_at        timestamptz,
    return_by     timestamptz,
    registered_at timestamptz NOT NULL DEFAULT govgrid.now(),
    replied_at    timestamptz,
    replied_state text
);
COMMENT ON COLUMN govgrid.hotline_order.due_at IS 'limit of the hotline: of two limits the stricter one lights';
COMMENT ON COLUMN govgrid.hotline_order.return_by IS '退单时限: until when it can be given back to the hotline';
COMMENT ON COLUMN govgrid.hotline_order.replied_state IS 'state that was replied last: another one is replied anew';

ALTER TABLE govgrid.incident
    ADD COLUMN satisfaction integer CHECK (satisfaction BETWEEN 1 AND 5),
    ADD COLUMN heard text CHECK (heard IN ('satisfied', 'dissatisfied')),
    ADD COLUMN heard_at timestamptz;
COMMENT ON COLUMN govgrid.incident.satisfaction IS '1 to 5, from outside: given at closure or when people were asked afterwards';
COMMENT ON COLUMN govgrid.incident.heard IS '回访: what people said afterwards';

ALTER TABLE govgrid.clock_event
    DROP CONSTRAINT clock_event_kind_check,
    ADD CONSTRAINT clock_event_kind_check CHECK (kind IN
        ('amber', 'red', 'accept', 'acknowledge', 'arrive', 'hold_ends', 'sign', 'return'));

INSERT INTO govgrid.hotline_order (incident, number, due_at)
SELECT DISTINCT ON (number) i.id, number, CASE WHEN i.due_given THEN i.due_at END
FROM govgrid.incident i, coalesce(i.source_ref, i.code) AS number
WHERE i.source IN ('hotline', '12345', '12345 hotline')
ORDER BY number, i.created_at, i.id;

ALTER TABLE govgrid.hotline_order ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.hotline_order FOR SELECT TO govgrid_web USING (
    EXISTS (SELECT FROM govgrid.incident i WHERE i.id = hotline_order.incident));
CREATE POLICY made ON govgrid.hotline_order FOR INSERT TO govgrid_web WITH CHECK (
    govgrid.has_action('incident') OR govgrid.has_action('report'));
CREATE POLICY changed ON govgrid.hotline_order FOR UPDATE TO govgrid_web USING (
    govgrid.may_write_incidents()
    AND EXISTS (SELECT FROM govgrid.incident i WHERE i.id = hotline_order.incident));
GRANT SELECT, INSERT, UPDATE ON govgrid.hotline_order TO govgrid_web;
