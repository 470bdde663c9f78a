-- Who looked through which camera and why, what was asked for and decided, what was taken out.

CREATE TABLE govgrid.access_request (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    asked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    account         uuid NOT NULL REFERENCES govgrid.account,
    account_name    text NOT NULL,
    holder          text NOT NULL CHECK (holder <> ''),
    unit_code       text,
    unit_name       text NOT NULL CHECK (unit_name <> ''),
    camera_code     text NOT NULL,
    camera_name     text NOT NULL DEFAULT '',
    owner_kind      text,
    management_unit text,
    place           geometry(Point, 4326),
    act             text NOT NULL CHECK (act IN ('view', 'retrieve')),
    reason_kind     text NOT NULL,
    reason          text NOT NULL CHECK (reason <> ''),
    content         text NOT NULL CHECK (content <> ''),
    legal_basis     text NOT NULL CHECK (legal_basis <> ''),
    incident_code   text,
    decision        text CHECK (decision IN ('approved', 'refused')),
    decided_at      timestamptz,
    decided_by      text,
    decision_note   text NOT NULL DEFAULT '',
    until           timestamptz,
    CONSTRAINT access_request_decided_whole
        CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)),
    CONSTRAINT access_request_until
        CHECK ((decision IS NOT DISTINCT FROM 'approved') = (until IS NOT NULL)
            AND until <= decided_at + interval '24 hours')
);
COMMENT ON COLUMN govgrid.access_request.place IS 'where the camera stands: whose jurisdiction decides; null for a code that is no camera''s, which the asker is not told';
COMMENT ON COLUMN govgrid.access_request.until IS 'an approval holds until then';
CREATE INDEX access_request_account ON govgrid.access_request (account, asked_at);
CREATE INDEX access_request_open ON govgrid.access_request (asked_at) WHERE decision IS NULL;

CREATE TABLE govgrid.access_register (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    account          uuid NOT NULL REFERENCES govgrid.account,
    account_name     text NOT NULL,
    holder           text NOT NULL CHECK (holder <> ''),
    unit_code        text,
    unit_name        text NOT NULL CHECK (unit_name <> ''),
    camera_code      text NOT NULL,
    camera_name      text NOT NULL,
    owner_kind       text,
    management_unit  text,
    place            geometry(Point, 4326) NOT NULL,
    act              text NOT NULL CHECK (act IN ('view', 'retrieve')),
    reason_kind      text NOT NULL,
    reason           text NOT NULL CHECK (reason <> ''),
    content          text NOT NULL CHECK (content <> ''),
    legal_basis      text NOT NULL CHECK (legal_basis <> ''),
    incident_code    text,
    request          uuid REFERENCES govgrid.access_request,
    idempotency_key  text,
    expires_at       timestamptz NOT NULL
);
COMMENT ON TABLE govgrid.access_register IS 'Decree 799 Art. 16: reason, content, unit and name, written before anything is shown; rows are only added';
COMMENT ON COLUMN govgrid.access_register.place IS 'where the camera stood then: whose auditor reads the row';
COMMENT ON COLUMN govgrid.access_register.reason_kind IS 'the entry of the pick-list, else other: what the periodic report counts by';
CREATE INDEX access_register_at ON govgrid.access_register (at, id);
CREATE INDEX access_register_camera ON govgrid.access_register (camera_code, at);
CREATE INDEX access_register_account ON govgrid.access_register (account, at);
CREATE INDEX access_register_key ON govgrid.access_register (account, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- the audit keeps the hash of each row of the register: to be held against it
CREATE INDEX audit_viewing ON govgrid.audit ((facts ->> 'register')) WHERE action IN ('viewing.view', 'viewing.retrieve');

CREATE TABLE govgrid.export_register (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    account_name text NOT NULL,
    holder       text NOT NULL,
    unit_name    text NOT NULL,
    what         text NOT NULL,
    form         text NOT NULL,
    area         text NOT NULL DEFAULT '',
    rows         bigint NOT NULL,
    reason       text NOT NULL CHECK (reason <> ''),
    coarsened    boolean NOT NULL DEFAULT false,
    account      uuid REFERENCES govgrid.account
);
COMMENT ON TABLE govgrid.export_register IS 'files, maps and bulk reads that left the system; rows are only added';
CREATE INDEX export_register_at ON govgrid.export_register (at);

CREATE FUNCTION govgrid.register_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a register only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION govgrid.request_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided constant text[] := ARRAY['decision', 'decided_at', 'decided_by', 'decision_note', 'until'];
BEGIN
    IF OLD.decision IS NULL AND to_jsonb(NEW) - decided = to_jsonb(OLD) - decided THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a request is decided once' USING ERRCODE = 'insufficient_privilege';
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register'] LOOP
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.register_only_grows()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register', 'access_request'] LOOP
        EXECUTE format('ALTER TABLE govgrid.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY written ON govgrid.%I FOR INSERT TO govgrid_web'
            ' WITH CHECK (account = govgrid.told(''account'')::uuid)', name);
    END LOOP;
END $$;
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON govgrid.access_request
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.register_only_grows();
CREATE TRIGGER decided_once BEFORE UPDATE ON govgrid.access_request
    FOR EACH ROW EXECUTE FUNCTION govgrid.request_decided_once();

CREATE POLICY read ON govgrid.access_register FOR SELECT TO govgrid_web USING (
    account = govgrid.told('account')::uuid
    OR govgrid.may('register') AND govgrid.within_grant(place));
CREATE POLICY read ON govgrid.export_register FOR SELECT TO govgrid_web USING (
    account = govgrid.told('account')::uuid OR govgrid.may('register'));
CREATE POLICY read ON govgrid.access_request FOR SELECT TO govgrid_web USING (
    account = govgrid.told('account')::uuid
    OR (govgrid.may('approve') OR govgrid.may('register')) AND govgrid.within_grant(place));
-- nobody decides on what he asked for himself
CREATE POLICY decided ON govgrid.access_request FOR UPDATE TO govgrid_web USING (
    govgrid.may('approve') AND govgrid.within_grant(place)
    AND account IS DISTINCT FROM govgrid.told('account')::uuid);

GRANT SELECT ON govgrid.access_register, govgrid.access_request, govgrid.export_register TO govgrid_web;
-- by column: number and time of a row are the database's to give, a decision is no part of asking
GRANT INSERT (account, account_name, holder, unit_name, what, form, area, rows, reason, coarsened)
    ON govgrid.export_register TO govgrid_web;
GRANT INSERT (account, account_name, holder, unit_code, unit_name, camera_code, camera_name, owner_kind,
    management_unit, place, act, reason_kind, reason, content, legal_basis, incident_code, request,
    idempotency_key, expires_at)
    ON govgrid.access_register TO govgrid_web;
GRANT INSERT (account, account_name, holder, unit_code, unit_name, camera_code, camera_name, owner_kind,
    management_unit, place, act, reason_kind, reason, content, legal_basis, incident_code)
    ON govgrid.access_request TO govgrid_web;
GRANT UPDATE (decision, decided_at, decided_by, decision_note, until) ON govgrid.access_request TO govgrid_web;
