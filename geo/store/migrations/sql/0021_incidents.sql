-- Incidents with a life of their own: moves, dispatches, limits, approvals, cameras as answered.
-- geo/incidents/rules/lifecycle.py says which moves there are; geo/incidents/rules/clock.py what is due when.

CREATE FUNCTION govgrid.known_state(word text, closed_at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(
        (SELECT v.state FROM (VALUES
            ('draft', ARRAY['draft', '暂存', '草稿']),
            ('reported', ARRAY['reported', '待受理', '上报', '已上报', 'open', 'new']),
            ('accepted', ARRAY['accepted', '已受理', '受理', '立案']),
            ('not_accepted', ARRAY['not_accepted', '不予受理', '不予立案']),
            ('assigned', ARRAY['assigned', 'referred_up', '已派遣', '派遣', '交办', '派单', '提级办理', '提级', '上报上级']),
            ('acknowledged', ARRAY['acknowledged', '已签收', '签收', '接单']),
            ('arrived', ARRAY['arrived', '已到场', '到场']),
            ('in_progress', ARRAY['in_progress', 'on_hold', '处置中', '办理中', '处理中', '正在处置', '挂账', '挂起']),
            ('done', ARRAY['done', 'self_handled', '处置完毕', '办结待核', '即接即办', '自办', '自处置']),
            ('checked', ARRAY['checked', '核查通过']),
            ('closed', ARRAY['closed', '结案', '办结', '已办结', '归档']),
            ('returned', ARRAY['returned', '退回', '回退', '退件']),
            ('duplicate', ARRAY['duplicate', '重复件', '并案']),
            ('cancelled', ARRAY['cancelled', '作废'])
        ) AS v (state, words) WHERE lower(btrim(word)) = ANY (v.words)),
        CASE WHEN closed_at IS NULL THEN 'reported' ELSE 'closed' END)
$$;

ALTER TABLE govgrid.dispatch DROP CONSTRAINT dispatch_incident_code_fkey;
ALTER TABLE govgrid.incident
    DROP CONSTRAINT incident_pkey,
    ADD CONSTRAINT incident_code UNIQUE (code),
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN client_id uuid UNIQUE,
    ADD COLUMN grade text CHECK (grade IN ('ordinary', 'urgent', 'important', 'major')),
    ADD COLUMN level text CHECK (level IN ('grid', 'community', 'township', 'district')),
    -- where from, and how the place is known
    ADD COLUMN source_ref text,
    ADD COLUMN occurred_to timestamptz,
    ADD COLUMN located_by text CHECK (located_by IN ('map', 'address', 'code', 'device', 'area', 'file')),
    ADD COLUMN located_code text,
    ADD COLUMN asset_code text,
    -- the answer about the place, as it was given
    ADD COLUMN status text CHECK (status IN ('inside', 'border', 'outside', 'missing')),
    ADD COLUMN area_unit_id bigint,
    ADD COLUMN area_day date,
    ADD COLUMN grid_code text,
    ADD COLUMN community_code text,
    ADD COLUMN township_code text,
    ADD COLUMN candidates jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN nearest_code text,
    ADD COLUMN nearest_m double precision,
    -- who must go, and why
    ADD COLUMN unit_code text,
    ADD COLUMN proposed_unit_code text,
    ADD COLUMN routing jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN override_reason text,
    -- flags beside the state
    ADD COLUMN on_hold boolean NOT NULL DEFAULT false,
    ADD COLUMN hold_until timestamptz,
    ADD COLUMN self_handled boolean NOT NULL DEFAULT false,
    ADD COLUMN supervised boolean NOT NULL DEFAULT false,
    ADD COLUMN emergency boolean NOT NULL DEFAULT false,
    ADD COLUMN emergency_call text,
    ADD COLUMN emergency_call_at timestamptz,
    -- counters
    ADD COLUMN extensions integer NOT NULL DEFAULT 0,
    ADD COLUMN reopened integer NOT NULL DEFAULT 0,
    ADD COLUMN returns integer NOT NULL DEFAULT 0,
    ADD COLUMN wrong_dispatches integer NOT NULL DEFAULT 0,
    ADD COLUMN reports integer NOT NULL DEFAULT 1,
    -- how it ended
    ADD COLUMN duplicate_of uuid REFERENCES govgrid.incident (id) ON DELETE SET NULL,
    ADD COLUMN outcome text CHECK (outcome IN ('resolved', 'planned', 'explained', 'not_competent', 'other')),
    ADD COLUMN result text,
    -- the clock
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN assigned_at timestamptz,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN arrived_at timestamptz,
    ADD COLUMN done_at timestamptz,
    ADD COLUMN first_done_at timestamptz,
    ADD COLUMN clock_from timestamptz,
    ADD COLUMN limit_amount double precision CHECK (limit_amount > 0),
    ADD COLUMN limit_unit text CHECK (limit_unit IN ('working_hours', 'working_days', 'hours', 'days')),
    ADD COLUMN amber_at timestamptz,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN due_given boolean NOT NULL DEFAULT false,
    ADD COLUMN due_provisional boolean NOT NULL DEFAULT false,
    -- the rest
    ADD COLUMN unseen_demand boolean NOT NULL DEFAULT false,
    ADD COLUMN state_given text,
    ADD COLUMN imported jsonb,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT govgrid.now(),
    ADD COLUMN created_account uuid,
    ADD COLUMN created_unit text;
ALTER TABLE govgrid.dispatch ADD CONSTRAINT dispatch_incident_code_fkey
    FOREIGN KEY (incident_code) REFERENCES govgrid.incident (code) ON DELETE CASCADE ON UPDATE CASCADE;

COMMENT ON COLUMN govgrid.incident.code IS 'the number people say: YYYYMMDD-NNNN of the district''s day, or that of the file';
COMMENT ON COLUMN govgrid.incident.version IS 'one more with each move or correction: what If-Match is held against';
COMMENT ON COLUMN govgrid.incident.client_id IS 'made where it was typed, so that sending it twice makes one row';
COMMENT ON COLUMN govgrid.incident.occurred_at IS 'occurred_from of the interface; occurred_to is the end of the window';
COMMENT ON COLUMN govgrid.incident.area_unit_id IS 'of the smallest area that it was located in: by it an incident without a place is granted';
COMMENT ON COLUMN govgrid.incident.area_day IS 'the day whose areas answered';
COMMENT ON COLUMN govgrid.incident.asset_code IS 'place or pole with a unit of its own that it is about';
COMMENT ON COLUMN govgrid.incident.routing IS 'reason of the proposed unit, duty, area, category, ranked alternatives';
COMMENT ON COLUMN govgrid.incident.reports IS 'how many reported it, merged duplicates included';
COMMENT ON COLUMN govgrid.incident.due_given IS 'stated by a file: no calendar computes it anew';
COMMENT ON COLUMN govgrid.incident.due_provisional IS '暂估: reaches into a year whose notice of holidays is not loaded';
COMMENT ON COLUMN govgrid.incident.amber_at IS 'when 80 percent of the limit have passed';
COMMENT ON COLUMN govgrid.incident.unseen_demand IS 'nobody sees the place and somebody ticked it as demand';
COMMENT ON COLUMN govgrid.incident.state_given IS 'the state as a file wrote it, where it was no known word';
COMMENT ON COLUMN govgrid.incident.imported IS 'values as the last file gave them: what differs was changed here';

UPDATE govgrid.incident SET
    state_given = CASE WHEN state IS NOT NULL AND govgrid.known_state(state, NULL) <> govgrid.known_state(state, 'epoch')
        THEN state END,
    on_hold = coalesce(lower(btrim(state)) IN ('on_hold', '挂账', '挂起'), false),
    self_handled = coalesce(lower(btrim(state)) IN ('self_handled', '即接即办', '自办', '自处置'), false),
    state = govgrid.known_state(state, closed_at),
    imported = jsonb_strip_nulls(jsonb_build_object(
        'title', title, 'category', category, 'description', description, 'source', source, 'state', state,
        'occurred_at', occurred_at, 'reported_at', reported_at, 'closed_at', closed_at, 'accuracy_m', accuracy_m,
        'address', address));
ALTER TABLE govgrid.incident
    ALTER COLUMN state SET DEFAULT 'reported',
    ALTER COLUMN state SET NOT NULL,
    ADD CONSTRAINT incident_state CHECK (state IN (
        'draft', 'reported', 'accepted', 'not_accepted', 'assigned', 'acknowledged', 'arrived', 'in_progress',
        'done', 'checked', 'closed', 'returned', 'duplicate', 'cancelled'));
CREATE INDEX incident_open ON govgrid.incident (state, reported_at)
    WHERE state NOT IN ('closed', 'not_accepted', 'duplicate', 'cancelled');
CREATE INDEX incident_reported ON govgrid.incident (reported_at, id);
CREATE INDEX incident_category ON govgrid.incident (category, reported_at);
CREATE INDEX incident_unit ON govgrid.incident (unit_code);
CREATE INDEX incident_area ON govgrid.incident (area_unit_id);
CREATE INDEX incident_duplicate ON govgrid.incident (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- The number of an incident, without a lock that creators would wait for: one sequence, and of each
-- day where it stood when the day began. A number that is rolled back is not given again.
CREATE SEQUENCE govgrid.incident_number;
CREATE TABLE govgrid.incident_day (
    day    date PRIMARY KEY,
    before bigint NOT NULL
);
COMMENT ON COLUMN govgrid.incident_day.before IS 'of incident_number, before the first incident of the day';
CREATE FUNCTION govgrid.number_incident() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    of_day date := govgrid.today();
    start  bigint;
    taken  bigint;
    made   text;
BEGIN
    LOOP
        taken := nextval('govgrid.incident_number');
        SELECT before INTO start FROM govgrid.incident_day WHERE day = of_day;
        IF start IS NULL THEN
            INSERT INTO govgrid.incident_day VALUES (of_day, taken - 1) ON CONFLICT DO NOTHING;
            SELECT before INTO start FROM govgrid.incident_day WHERE day = of_day;
        END IF;
        made := to_char(of_day, 'YYYYMMDD') || '-' || lpad((taken - start)::text, greatest(4, length((taken - start)::text)), '0');
        CONTINUE WHEN start IS NULL OR taken <= start OR EXISTS (SELECT FROM govgrid.incident WHERE code = made);
        NEW.code := made;
        RETURN NEW;
    END LOOP;
END $$;
CREATE TRIGGER number_incident BEFORE INSERT ON govgrid.incident
    FOR EACH ROW WHEN (NEW.code IS NULL) EXECUTE FUNCTION govgrid.number_incident();

CREATE TABLE govgrid.incident_move (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident      uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    version       integer NOT NULL,
    move          text NOT NULL,
    from_state    text,
    to_state      text NOT NULL,
    at            timestamptz NOT NULL DEFAULT govgrid.now(),
    account       text NOT NULL,
    post          text,
    unit_code     text,
    proxy_for     text,
    dispatch      uuid,
    approval      uuid,
    target_unit   text,
    target        uuid,
    reason        text,
    note          text,
    result        text,
    outcome       text,
    until         timestamptz,
    notified      text CHECK (notified IN ('system', 'telephone', 'sms', 'paper')),
    notified_post text,
    notified_at   timestamptz,
    due_before    timestamptz,
    due_after     timestamptz,
    facts         jsonb NOT NULL DEFAULT '{}',
    client_id     uuid UNIQUE
);
CREATE INDEX incident_move_of ON govgrid.incident_move (incident, id);
COMMENT ON TABLE govgrid.incident_move IS 'who moved what when, how it was told; only grows';
COMMENT ON COLUMN govgrid.incident_move.version IS 'of the incident after the move';
COMMENT ON COLUMN govgrid.incident_move.proxy_for IS 'the unit for which somebody else wrote it down (代登记)';
COMMENT ON COLUMN govgrid.incident_move.facts IS 'old and new values of a correction, answers that were replaced, the routing row it names';
CREATE FUNCTION govgrid.reject_move_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- with the incident itself (an import that is undone) its moves go as well
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM govgrid.incident WHERE id = OLD.incident) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'moves of incidents only grow' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON govgrid.incident_move
    FOR EACH ROW EXECUTE FUNCTION govgrid.reject_move_change();

INSERT INTO govgrid.incident_move (incident, version, move, to_state, at, account, reason)
SELECT id, 1, 'imported', state, coalesce(reported_at, occurred_at, govgrid.now()), 'govgrid', state_given
FROM govgrid.incident;

ALTER TABLE govgrid.dispatch
    DROP CONSTRAINT dispatch_pkey,
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN state text NOT NULL DEFAULT 'sent'
        CHECK (state IN ('sent', 'acknowledged', 'reported_in', 'done', 'returned', 'recalled')),
    ADD COLUMN kind text NOT NULL DEFAULT 'assign'
        CHECK (kind IN ('assign', 'decide', 'refer_up', 'refer_down', 'whistle', 'paired')),
    ADD COLUMN lead boolean NOT NULL DEFAULT true,
    ADD COLUMN dispatched_by text,
    ADD COLUMN dispatched_unit text,
    ADD COLUMN acknowledge_due timestamptz,
    ADD COLUMN arrive_due timestamptz,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN reported_in_at timestamptz,
    ADD COLUMN done_at timestamptz,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN return_kind text CHECK (return_kind IN ('duty', 'power', 'place', 'repeated')),
    ADD COLUMN notified text CHECK (notified IN ('system', 'telephone', 'sms', 'paper')),
    ADD COLUMN notified_post text,
    ADD COLUMN notified_at timestamptz;
CREATE INDEX dispatch_incident ON govgrid.dispatch (incident_code);
CREATE INDEX dispatch_unit ON govgrid.dispatch (unit_code, incident_code);
CREATE UNIQUE INDEX dispatch_lead ON govgrid.dispatch (incident_code)
    WHERE lead AND state NOT IN ('returned', 'recalled');
COMMENT ON COLUMN govgrid.dispatch.lead IS 'whose progress the state of the incident follows';
COMMENT ON COLUMN govgrid.dispatch.return_kind IS '职责 duty, 权限 power, 地点 place, 重复 repeated';

CREATE TABLE govgrid.approval (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    incident     uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('hold', 'extend', 'cancel')),
    state        text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'approved', 'refused')),
    asked_at     timestamptz NOT NULL DEFAULT govgrid.now(),
    asked_by     text NOT NULL,
    asked_unit   text,
    reason       text NOT NULL,
    until        timestamptz,
    amount       double precision CHECK (amount > 0),
    unit         text CHECK (unit IN ('working_hours', 'working_days', 'hours', 'days')),
    decided_at   timestamptz,
    decided_by   text,
    decided_post text,
    decided_note text,
    by_telephone boolean NOT NULL DEFAULT false,
    sign_by      timestamptz,
    signed_at    timestamptz,
    signed_by    text,
    ended_at     timestamptz
);
CREATE INDEX approval_incident ON govgrid.approval (incident);
CREATE UNIQUE INDEX approval_open ON govgrid.approval (incident, kind) WHERE state = 'asked';
CREATE INDEX approval_unsigned ON govgrid.approval (sign_by) WHERE by_telephone AND signed_at IS NULL;
COMMENT ON COLUMN govgrid.approval.by_telephone IS 'written down by another: valid at once, to be signed by sign_by';
COMMENT ON COLUMN govgrid.approval.ended_at IS 'of a hold: when it was lifted';

CREATE TABLE govgrid.notification (
    incident uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    kind     text NOT NULL,
    step     text NOT NULL,
    at       timestamptz NOT NULL DEFAULT govgrid.now(),
    to_unit  text,
    channel  text NOT NULL DEFAULT 'system',
    PRIMARY KEY (incident, kind, step)
);
COMMENT ON TABLE govgrid.notification IS 'what was announced: an alarm of one kind and step comes once';

CREATE TABLE govgrid.clock_event (
    incident uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    kind     text NOT NULL CHECK (kind IN ('amber', 'red', 'accept', 'acknowledge', 'arrive', 'hold_ends', 'sign')),
    step     text NOT NULL DEFAULT '',
    due      timestamptz NOT NULL,
    fired_at timestamptz,
    PRIMARY KEY (incident, kind, step)
);
CREATE INDEX clock_event_due ON govgrid.clock_event (due) WHERE fired_at IS NULL;
COMMENT ON TABLE govgrid.clock_event IS 'when a light or an alarm is due; the worker fires each once';
COMMENT ON COLUMN govgrid.clock_event.step IS 'which clock, dispatch or approval it belongs to';

CREATE TABLE govgrid.camera_answer (
    incident       uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    no             integer NOT NULL,
    at             timestamptz NOT NULL DEFAULT govgrid.now(),
    geom           geometry(Point, 4326) NOT NULL,
    seen_from      timestamptz,
    seen_to        timestamptz,
    coverage_run   bigint,
    revision       bigint NOT NULL,
    nearest_camera text,
    nearest_m      double precision,
    nearest_why    text,
    PRIMARY KEY (incident, no)
);
COMMENT ON TABLE govgrid.camera_answer IS 'when the cameras of an incident were asked for, of which place and window; older answers stay';
COMMENT ON COLUMN govgrid.camera_answer.revision IS 'of the layer camera: which cameras changed since';
CREATE TABLE govgrid.incident_camera (
    incident      uuid NOT NULL,
    no            integer NOT NULL,
    rank          integer NOT NULL,
    camera_code   text NOT NULL,
    relation      text NOT NULL CHECK (relation IN ('sees', 'possible', 'near')),
    why           text,
    distance_m    double precision,
    bearing_deg   double precision,
    heading_deg   double precision,
    px_per_m      double precision,
    online        boolean,
    online_share  double precision,
    offline       jsonb NOT NULL DEFAULT '[]',
    footage_until timestamptz,
    unit          text,
    phone         text,
    PRIMARY KEY (incident, no, rank),
    FOREIGN KEY (incident, no) REFERENCES govgrid.camera_answer ON DELETE CASCADE
);
CREATE INDEX incident_camera_code ON govgrid.incident_camera (camera_code);
COMMENT ON TABLE govgrid.incident_camera IS 'all cameras as answered, whoever asked; who reads is cut to the cameras of the own grants';

CREATE TABLE govgrid.attachment (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    incident    uuid NOT NULL REFERENCES govgrid.incident (id) ON DELETE CASCADE,
    client_id   uuid UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('before', 'after', 'approval')),
    name        text NOT NULL,
    media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'application/pdf')),
    sha256      bytea NOT NULL,
    bytes       bigint NOT NULL,
    has_persons boolean NOT NULL,
    keep_reason text,
    added_at    timestamptz NOT NULL DEFAULT govgrid.now(),
    added_by    text NOT NULL,
    added_unit  text,
    deleted_at  timestamptz
);
CREATE INDEX attachment_incident ON govgrid.attachment (incident);
CREATE INDEX attachment_file ON govgrid.attachment (sha256);
COMMENT ON COLUMN govgrid.attachment.sha256 IS 'of the stored file, which is called by it';
COMMENT ON COLUMN govgrid.attachment.keep_reason IS 'why it outlives its time after closure';

-- Words of incidents. What is shipped is marked 默认 until somebody edits it.

CREATE TABLE govgrid.incident_source (
    code text PRIMARY KEY, zh text NOT NULL, en text NOT NULL,
    active boolean NOT NULL DEFAULT true, editable boolean NOT NULL DEFAULT true,
    shipped boolean NOT NULL DEFAULT false, rank integer NOT NULL DEFAULT 0
);
CREATE TABLE govgrid.incident_reason (
    move text NOT NULL, code text NOT NULL, zh text NOT NULL, en text NOT NULL,
    active boolean NOT NULL DEFAULT true, editable boolean NOT NULL DEFAULT true,
    shipped boolean NOT NULL DEFAULT false, rank integer NOT NULL DEFAULT 0,
    PRIMARY KEY (move, code)
);
COMMENT ON COLUMN govgrid.incident_reason.move IS 'of geo/incidents/rules/lifecycle.py';
CREATE TABLE govgrid.incident_result (
    code text PRIMARY KEY, zh text NOT NULL, en text NOT NULL,
    active boolean NOT NULL DEFAULT true, editable boolean NOT NULL DEFAULT true,
    shipped boolean NOT NULL DEFAULT false, rank integer NOT NULL DEFAULT 0
);
CREATE TABLE govgrid.incident_grade (
    code text PRIMARY KEY, zh text NOT NULL, en text NOT NULL,
    limit_amount double precision CHECK (limit_amount > 0),
    limit_unit text CHECK (limit_unit IN ('working_hours', 'working_days', 'hours', 'days')),
    first_level text NOT NULL DEFAULT 'community' CHECK (first_level IN ('grid', 'community', 'township', 'district')),
    tell text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true, editable boolean NOT NULL DEFAULT true,
    shipped boolean NOT NULL DEFAULT false, rank integer NOT NULL DEFAULT 0
);
COMMENT ON COLUMN govgrid.incident_grade.tell IS 'levels whose centre is told of each';
ALTER TABLE govgrid.category
    ADD COLUMN en text,
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN editable boolean NOT NULL DEFAULT true,
    ADD COLUMN shipped boolean NOT NULL DEFAULT false,
    ADD COLUMN grade text NOT NULL DEFAULT 'ordinary',
    ADD COLUMN emergency boolean NOT NULL DEFAULT false,
    ADD COLUMN sensitive boolean NOT NULL DEFAULT false,
    ADD COLUMN clock_start text NOT NULL DEFAULT 'reported' CHECK (clock_start IN ('reported', 'accepted', 'assigned')),
    ADD COLUMN needs_check boolean NOT NULL DEFAULT false,
    ADD COLUMN accept_minutes integer CHECK (accept_minutes > 0),
    ADD COLUMN acknowledge_minutes integer CHECK (acknowledge_minutes > 0),
    ADD COLUMN arrive_minutes integer CHECK (arrive_minutes > 0),
    ADD COLUMN return_minutes integer CHECK (return_minutes > 0),
    ADD COLUMN duplicate_radius_m double precision CHECK (duplicate_radius_m > 0),
    ADD COLUMN duplicate_days integer CHECK (duplicate_days > 0),
    ADD COLUMN gbt30428_class text;
COMMENT ON COLUMN govgrid.category.gbt30428_class IS 'class of GB/T 30428: empty until the site fills it in, nothing is claimed';
COMMENT ON COLUMN govgrid.category.sensitive IS 'exact place and text for the handling side only';
CREATE INDEX category_name ON govgrid.category (name);

ALTER TABLE govgrid.unit_duty
    ADD COLUMN valid_from date,
    ADD COLUMN valid_until date,
    ADD COLUMN decided_by uuid REFERENCES govgrid.incident (id) ON DELETE SET NULL,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text,
    ADD CONSTRAINT unit_duty_valid CHECK (valid_from <= valid_until);
COMMENT ON COLUMN govgrid.unit_duty.valid_until IS 'last day on which it holds; null: without end';
COMMENT ON COLUMN govgrid.unit_duty.decided_by IS 'the incident whose decision (裁定) became this row';
ALTER TABLE govgrid.place ADD COLUMN unit_code text;
ALTER TABLE govgrid.pole ADD COLUMN unit_code text;
COMMENT ON COLUMN govgrid.place.unit_code IS 'unit of its own, which comes before any duty of the area';
COMMENT ON COLUMN govgrid.pole.unit_code IS 'unit of its own, which comes before any duty of the area';

CREATE TABLE govgrid.working_hours (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_code text,
    weekday   integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts    time NOT NULL,
    ends      time NOT NULL,
    valid     daterange NOT NULL DEFAULT '(,)',
    shipped   boolean NOT NULL DEFAULT false,
    CHECK (starts < ends)
);
COMMENT ON TABLE govgrid.working_hours IS 'when work is done, by weekday (1 Monday); rows of a unit replace those of the site for it';

INSERT INTO govgrid.working_hours (weekday, starts, ends, shipped)
SELECT day, part.starts::time, part.ends::time, true
FROM generate_series(1, 5) AS day, (VALUES ('08:30', '12:00'), ('14:00', '17:30')) AS part (starts, ends);
INSERT INTO govgrid.incident_grade (code, zh, en, limit_amount, limit_unit, first_level, tell, shipped, rank) VALUES
    ('ordinary', '一般', 'Ordinary', 5, 'working_days', 'community', '{}', true, 1),
    ('urgent', '紧急', 'Urgent', 24, 'hours', 'community', '{township}', true, 2),
    ('important', '重要', 'Important', 3, 'working_days', 'township', '{township}', true, 3),
    ('major', '重大', 'Major', 2, 'hours', 'district', '{township,district}', true, 4);
INSERT INTO govgrid.incident_source (code, zh, en, shipped, rank) VALUES
    ('grid', '网格上报', 'Grid report', true, 1),
    ('hotline', '12345', '12345 hotline', true, 2),
    ('police', '110 非警务', '110, not for the police', true, 3),
    ('visit', '来访', 'Visit', true, 4),
    ('telephone', '来电', 'Telephone', true, 5),
    ('video', '视频巡查', 'Video patrol', true, 6),
    ('meeting', '说事会', 'Residents'' meeting', true, 7),
    ('app', '手机APP', 'Mobile app', true, 8),
    ('superior', '上级交办', 'From above', true, 9),
    ('file', '历史导入', 'Imported file', true, 10),
    ('other', '其他', 'Other', true, 11);
INSERT INTO govgrid.incident_reason (move, code, zh, en, shipped, rank) VALUES
    ('reject', 'not_competent', '不属受理范围', 'Not for us', true, 1),
    ('reject', 'no_such_thing', '情况不属实', 'Not as reported', true, 2),
    ('reject', 'handled_elsewhere', '已由其他渠道办理', 'Handled elsewhere', true, 3),
    ('reject', 'other', '其他', 'Other', true, 9),
    ('return', 'duty', '职责不符', 'Not its duty', true, 1),
    ('return', 'power', '权限不足', 'Not within its powers', true, 2),
    ('return', 'place', '地点不符', 'Wrong place', true, 3),
    ('return', 'repeated', '重复派遣', 'Sent twice', true, 4),
    ('hold', 'construction', '需列入施工计划', 'Needs construction', true, 1),
    ('hold', 'weather', '天气原因', 'Weather', true, 2),
    ('hold', 'other_unit', '等待其他单位', 'Waits for another unit', true, 3),
    ('hold', 'other', '其他', 'Other', true, 9),
    ('extend', 'complex', '情况复杂', 'Complex', true, 1),
    ('extend', 'other', '其他', 'Other', true, 9),
    ('cancel', 'mistaken', '误报', 'Reported by mistake', true, 1),
    ('cancel', 'test', '测试件', 'A test', true, 2),
    ('cancel', 'other', '其他', 'Other', true, 9);
INSERT INTO govgrid.incident_result (code, zh, en, shipped, rank) VALUES
    ('fixed', '已处置', 'Put right', true, 1),
    ('cleaned', '已清理', 'Cleaned', true, 2),
    ('mediated', '已调解', 'Mediated', true, 3),
    ('guarded', '已设防护', 'Guarded', true, 4),
    ('handed_over', '已移交', 'Handed over', true, 5),
    ('explained', '已解释说明', 'Explained', true, 6),
    ('other', '其他', 'Other', true, 9);
INSERT INTO govgrid.category
    (code, name, en, shipped, grade, limit_amount, limit_unit, emergency, sensitive, needs_check, arrive_minutes) VALUES
    ('default-gas', '燃气异味', 'Smell of gas', true, 'major', 2, 'hours', true, false, true, 30),
    ('default-trapped', '人员受困', 'People trapped', true, 'major', 2, 'hours', true, false, true, 30),
    ('default-collapse', '路面塌陷', 'Road collapsed', true, 'major', 2, 'hours', true, false, true, 30),
    ('default-manhole', '井盖缺失', 'Manhole cover missing', true, 'urgent', 2, 'hours', false, false, true, NULL),
    ('default-waste', '暴露垃圾', 'Waste', true, 'ordinary', 4, 'working_hours', false, false, false, NULL),
    ('default-noise', '噪声扰民', 'Noise', true, 'ordinary', 2, 'working_days', false, false, false, NULL),
    ('default-neighbours', '邻里纠纷', 'Dispute of neighbours', true, 'ordinary', 5, 'working_days', false, true, false, NULL),
    ('default-family', '家庭纠纷', 'Dispute in a family', true, 'ordinary', 5, 'working_days', false, true, false, NULL),
    ('default-petition', '信访', 'Petition', true, 'important', 5, 'working_days', false, true, false, NULL),
    ('default-minor', '涉未成年人', 'About minors', true, 'important', 3, 'working_days', false, true, true, NULL);

-- What an undo of an earlier import would bring back needs what every row has now.
UPDATE govgrid.import_change c SET before = jsonb_build_object('id', coalesce(
        (SELECT i.id FROM govgrid.incident i WHERE i.code = c.key ->> 'code'), gen_random_uuid()))
    || '{"version": 1, "candidates": [], "routing": {}, "on_hold": false, "self_handled": false, "supervised": false,
        "emergency": false, "extensions": 0, "reopened": 0, "returns": 0, "wrong_dispatches": 0, "reports": 1,
        "due_given": false, "due_provisional": false, "unseen_demand": false}'::jsonb
    || jsonb_build_object('created_at', govgrid.now()) || c.before
    || jsonb_build_object('state', govgrid.known_state(c.before ->> 'state', (c.before ->> 'closed_at')::timestamptz))
WHERE c.table_name = 'incident' AND c.before IS NOT NULL;
UPDATE govgrid.import_change c SET before = '{"active": true, "editable": true, "shipped": false, "grade": "ordinary",
    "emergency": false, "sensitive": false, "clock_start": "reported", "needs_check": false}'::jsonb || c.before
WHERE c.table_name = 'category' AND c.before IS NOT NULL;
DROP FUNCTION govgrid.known_state;

-- Views by which other rooms read.

CREATE OR REPLACE VIEW govgrid.dispatched_unit WITH (security_invoker = true) AS
    SELECT incident_code, unit_code FROM govgrid.dispatch
    WHERE state NOT IN ('returned', 'recalled') OR ended_at > govgrid.now() - interval '30 days';
COMMENT ON VIEW govgrid.dispatched_unit IS
    'for rights: which units see an incident wherever it lies; 30 days longer once it was returned or recalled';

CREATE VIEW govgrid.own_unit_asset WITH (security_invoker = true) AS
    SELECT 'place' AS kind, code, name, unit_code, geom FROM govgrid.place WHERE unit_code IS NOT NULL
    UNION ALL SELECT 'pole', code, NULL, unit_code, geom FROM govgrid.pole WHERE unit_code IS NOT NULL;
COMMENT ON VIEW govgrid.own_unit_asset IS 'for routing: places and poles with a unit of their own';

CREATE OR REPLACE VIEW govgrid.loaded_rows WITH (security_invoker = true) AS
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
    UNION ALL SELECT 'categories', count(*) FROM govgrid.category WHERE NOT shipped
    UNION ALL SELECT 'calendar', count(*) FROM govgrid.calendar
    UNION ALL SELECT 'filings', count(*) FROM govgrid.filing
    UNION ALL SELECT 'consents', count(*) FROM govgrid.consent
    UNION ALL SELECT 'permits', count(*) FROM govgrid.permit
    UNION ALL SELECT 'centres', count(*) FROM govgrid.centre
    UNION ALL SELECT 'addresses', count(*) FROM govgrid.address
    UNION ALL SELECT 'poles', count(*) FROM govgrid.pole
    UNION ALL SELECT 'incidents', count(*) FROM govgrid.incident;

-- Who may read and write. Reading goes by place, by the area it was located in, by dispatch, and to
-- who took it; writing needs a permission of incidents besides.

CREATE FUNCTION govgrid.is_granted_area(unit bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE govgrid.session_setting('granted')
        WHEN 'all' THEN true
        ELSE coalesce(EXISTS (
            SELECT FROM govgrid.area_now n WHERE n.unit_id = unit
            AND string_to_array(ltree2text(n.path), '.')::bigint[]
                && string_to_array(govgrid.session_setting('granted'), ',')::bigint[]), false)
    END
$$;
CREATE FUNCTION govgrid.may_write_incidents() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT string_to_array(govgrid.session_setting('actions'), ',')
        && ARRAY['incident', 'assign', 'dispatch', 'respond', 'approve_incident', 'report']
$$;
DROP POLICY granted ON govgrid.incident;
CREATE POLICY seen ON govgrid.incident FOR SELECT TO govgrid_web USING (
    govgrid.session_setting('granted') = 'all' OR govgrid.is_granted(geom)
    OR (geom IS NULL AND govgrid.is_granted_area(area_unit_id))
    OR created_account = govgrid.session_setting('account')::uuid
    OR EXISTS (SELECT FROM govgrid.dispatched_unit d
               WHERE d.incident_code = incident.code AND d.unit_code = govgrid.session_setting('unit')));
CREATE POLICY taken ON govgrid.incident FOR INSERT TO govgrid_web WITH CHECK (
    govgrid.has_action('incident') OR govgrid.has_action('report'));
CREATE POLICY moved ON govgrid.incident FOR UPDATE TO govgrid_web USING (
    govgrid.may_write_incidents() AND (
        govgrid.session_setting('granted') = 'all' OR govgrid.is_granted(geom)
        OR (geom IS NULL AND govgrid.is_granted_area(area_unit_id))
        OR created_account = govgrid.session_setting('account')::uuid
        OR EXISTS (SELECT FROM govgrid.dispatched_unit d
                   WHERE d.incident_code = incident.code AND d.unit_code = govgrid.session_setting('unit'))))
    WITH CHECK (govgrid.may_write_incidents()); -- a pin may be moved out of the own area
ALTER TABLE govgrid.dispatch ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.dispatch FOR SELECT TO govgrid_web USING (true); -- the policy of incident asks it
CREATE POLICY sent ON govgrid.dispatch FOR INSERT TO govgrid_web WITH CHECK (
    govgrid.has_action('assign') OR govgrid.has_action('dispatch') OR govgrid.has_action('incident'));
CREATE POLICY moved ON govgrid.dispatch FOR UPDATE TO govgrid_web USING (govgrid.may_write_incidents());
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['incident_move', 'approval', 'notification', 'clock_event', 'camera_answer', 'attachment'] LOOP
        EXECUTE format('ALTER TABLE govgrid.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY seen ON govgrid.%1$I FOR SELECT TO govgrid_web USING'
            ' (EXISTS (SELECT FROM govgrid.incident i WHERE i.id = %1$I.incident))', name);
        EXECUTE format(
            'CREATE POLICY made ON govgrid.%1$I FOR INSERT TO govgrid_web WITH CHECK (govgrid.may_write_incidents())', name);
        EXECUTE format(
            'CREATE POLICY changed ON govgrid.%1$I FOR UPDATE TO govgrid_web USING (govgrid.may_write_incidents()'
            ' AND EXISTS (SELECT FROM govgrid.incident i WHERE i.id = %1$I.incident))', name);
        EXECUTE format(
            'CREATE POLICY gone ON govgrid.%1$I FOR DELETE TO govgrid_web USING (govgrid.may_write_incidents()'
            ' AND EXISTS (SELECT FROM govgrid.incident i WHERE i.id = %1$I.incident))', name);
    END LOOP;
END $$;
ALTER TABLE govgrid.incident_camera ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON govgrid.incident_camera FOR SELECT TO govgrid_web USING (
    EXISTS (SELECT FROM govgrid.incident i WHERE i.id = incident_camera.incident)
    AND EXISTS (SELECT FROM govgrid.camera c WHERE c.code = incident_camera.camera_code));
CREATE POLICY made ON govgrid.incident_camera FOR INSERT TO govgrid_web WITH CHECK (govgrid.may_write_incidents());

GRANT SELECT, INSERT ON govgrid.incident, govgrid.dispatch, govgrid.incident_move, govgrid.approval,
    govgrid.notification, govgrid.clock_event, govgrid.camera_answer, govgrid.incident_camera, govgrid.attachment
TO govgrid_web;
GRANT UPDATE ON govgrid.incident, govgrid.dispatch, govgrid.approval, govgrid.clock_event, govgrid.attachment TO govgrid_web;
GRANT DELETE ON govgrid.clock_event TO govgrid_web;
GRANT SELECT ON govgrid.incident_source, govgrid.incident_reason, govgrid.incident_result, govgrid.incident_grade,
    govgrid.working_hours, govgrid.own_unit_asset
TO govgrid_web, govgrid_read;
GRANT INSERT, UPDATE ON govgrid.unit_duty, govgrid.incident_source, govgrid.incident_reason, govgrid.incident_result,
    govgrid.incident_grade, govgrid.category, govgrid.working_hours
TO govgrid_web;
GRANT DELETE ON govgrid.working_hours TO govgrid_web;
GRANT EXECUTE ON FUNCTION govgrid.is_granted_area, govgrid.may_write_incidents TO govgrid_web;

-- Moves, approvals, answers of cameras and files come with a new version of their incident.
SELECT govgrid.track_revisions(
    ARRAY['incident_source', 'incident_reason', 'incident_result', 'incident_grade'], 'category');
SELECT govgrid.track_revisions(ARRAY['working_hours'], 'calendar');
