-- Whistles (吹哨报到): one incident sent to several units, who came when, how each was judged.

CREATE TABLE govgrid.whistle (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    incident       uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    kind           text NOT NULL CHECK (kind IN ('enforcement', 'key_work', 'emergency')),
    level          text NOT NULL CHECK (level IN ('grid', 'community', 'township', 'district')),
    state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ended', 'called_off')),
    place          text,
    blown_at       timestamptz NOT NULL,
    blown_by       text NOT NULL,
    blown_unit     text,
    report_by      timestamptz NOT NULL,
    within_minutes integer CHECK (within_minutes > 0),
    ended_at       timestamptz,
    ended_by       text,
    CHECK (report_by > blown_at)
);
CREATE INDEX whistle_incident ON govgrid.whistle (incident);
CREATE INDEX whistle_blown ON govgrid.whistle (blown_at);
CREATE UNIQUE INDEX whistle_open ON govgrid.whistle (incident) WHERE state = 'open';
COMMENT ON COLUMN govgrid.whistle.kind IS '综合执法 enforcement, 重点工作 key_work, 应急处置 emergency';
COMMENT ON COLUMN govgrid.whistle.level IS 'of who blew it: township 吹哨, district 联动交办';
COMMENT ON COLUMN govgrid.whistle.report_by IS 'until when the units report in';
COMMENT ON COLUMN govgrid.whistle.within_minutes IS 'where it was given as minutes, not as a time';

ALTER TABLE govgrid.dispatch
    ADD COLUMN whistle uuid REFERENCES govgrid.whistle (id) ON DELETE CASCADE,
    ADD COLUMN answer text CHECK (answer IN ('coming', 'substitute', 'unable')),
    ADD COLUMN answer_post text,
    ADD COLUMN answer_reason text,
    ADD COLUMN expected_at timestamptz,
    ADD COLUMN reported_proxy boolean NOT NULL DEFAULT false,
    ADD COLUMN reported_post text,
    ADD COLUMN known_by text CHECK (known_by IN ('telephone', 'on_site', 'paper')),
    ADD COLUMN disputed_at timestamptz,
    ADD COLUMN dispute_reason text,
    ADD COLUMN dispute_claim timestamptz,
    ADD COLUMN dispute_decision text CHECK (dispute_decision IN ('upheld', 'rejected')),
    ADD COLUMN urged integer NOT NULL DEFAULT 0,
    ADD COLUMN supervised_at timestamptz,
    ADD COLUMN result text,
    ADD COLUMN rated_present boolean,
    ADD COLUMN rated_solved boolean;
CREATE INDEX dispatch_whistle ON govgrid.dispatch (whistle) WHERE whistle IS NOT NULL;
COMMENT ON COLUMN govgrid.dispatch.answer IS '应哨 coming, 改派替代岗 substitute, 无法到场 unable';
COMMENT ON COLUMN govgrid.dispatch.reported_proxy IS '代登记: another wrote it down for the unit';
COMMENT ON COLUMN govgrid.dispatch.dispute_claim IS 'when the unit says that it reported in; null: it did not';
COMMENT ON COLUMN govgrid.dispatch.rated_present IS '到位, as the township judged at the end (销哨)';

ALTER TABLE govgrid.approval
    DROP CONSTRAINT approval_kind_check,
    ADD CONSTRAINT approval_kind_check CHECK (kind IN ('hold', 'extend', 'cancel', 'whistle'));
COMMENT ON TABLE govgrid.approval IS
    'what was asked for and decided; of kind whistle: a community asks its township for one (申请吹哨)';

ALTER TABLE govgrid.whistle ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.whistle FOR SELECT TO govgrid_web USING (
    EXISTS (SELECT FROM govgrid.incident i WHERE i.id = whistle.incident));
CREATE POLICY blown ON govgrid.whistle FOR INSERT TO govgrid_web WITH CHECK (govgrid.has_action('dispatch'));
CREATE POLICY ended ON govgrid.whistle FOR UPDATE TO govgrid_web USING (govgrid.has_action('dispatch')
    AND EXISTS (SELECT FROM govgrid.incident i WHERE i.id = whistle.incident));
GRANT SELECT, INSERT, UPDATE ON govgrid.whistle TO govgrid_web;
