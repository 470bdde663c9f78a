-- Records of which the time is over are destroyed: nothing younger than 180 days, whoever asks
-- (Decree 799 Art. 16 and the Cybersecurity Law Art. 21 want as much), and never by mistake.

CREATE TABLE govgrid.audit_anchor (
    seal_no bigint PRIMARY KEY,
    seal    bytea NOT NULL CHECK (length(seal) = 32),
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    newest  timestamptz NOT NULL
);
COMMENT ON TABLE govgrid.audit_anchor IS 'seals that the chain of the audit goes on from: rows up to them were destroyed';
COMMENT ON COLUMN govgrid.audit_anchor.newest IS 'time of the newest row that was destroyed';
ALTER TABLE govgrid.audit_anchor ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON govgrid.audit_anchor FOR SELECT TO govgrid_web USING (govgrid.has_action('audit'));
GRANT SELECT ON govgrid.audit_anchor TO govgrid_web;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON govgrid.audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.reject_register_change();

-- a transaction that destroys says so: a DELETE typed by hand is refused whatever its age
CREATE FUNCTION govgrid.is_expired(at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT at < clock_timestamp() - interval '180 days'
        AND coalesce(current_setting('govgrid.destroying', true), '') = 'expired'
$$;

CREATE OR REPLACE FUNCTION govgrid.reject_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- a row may be sealed once, and its note redacted; nothing else ever changes
        IF (NEW.id, NEW.at, NEW.account, NEW.unit, NEW.address, NEW.action, NEW.object, NEW.outcome,
            NEW.facts, NEW.note_sha256)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.at, OLD.account, OLD.unit, OLD.address, OLD.action, OLD.object, OLD.outcome,
            OLD.facts, OLD.note_sha256)
           AND (NEW.note IS NOT DISTINCT FROM OLD.note OR NEW.note IS NULL)
           AND (NEW.seal_no IS NOT DISTINCT FROM OLD.seal_no OR OLD.seal_no IS NULL)
           AND (NEW.seal IS NOT DISTINCT FROM OLD.seal OR OLD.seal IS NULL)
        THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' AND govgrid.is_expired(OLD.at)
        AND OLD.seal_no <= (SELECT max(a.seal_no) FROM govgrid.audit_anchor a)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit only grows' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION govgrid.reject_early_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF govgrid.is_expired((to_jsonb(OLD) ->> TG_ARGV[0])::timestamptz) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a register only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION govgrid.reject_undeclared_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('govgrid.destroying', true), '') = 'expired' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'a register only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register', 'access_request'] LOOP
        EXECUTE format(
            'CREATE TRIGGER declared BEFORE DELETE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.reject_undeclared_deletion()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['access_register', 'export_register'] LOOP
        EXECUTE format('DROP TRIGGER only_grows ON govgrid.%I', name);
        EXECUTE format(
            'CREATE TRIGGER only_grows BEFORE UPDATE OR TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.reject_register_change()', name);
        EXECUTE format(
            'CREATE TRIGGER keeps_its_time BEFORE DELETE ON govgrid.%I'
            ' FOR EACH ROW EXECUTE FUNCTION govgrid.reject_early_deletion(''at'')', name);
    END LOOP;
END $$;
DROP TRIGGER never_removed ON govgrid.access_request;
CREATE TRIGGER never_removed BEFORE TRUNCATE ON govgrid.access_request
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.reject_register_change();
CREATE TRIGGER keeps_its_time BEFORE DELETE ON govgrid.access_request
    FOR EACH ROW EXECUTE FUNCTION govgrid.reject_early_deletion('asked_at');

CREATE VIEW govgrid.open_incident WITH (security_invoker = true) AS
    SELECT code FROM govgrid.incident WHERE closed_at IS NULL;
COMMENT ON VIEW govgrid.open_incident IS 'for retention: what an open incident cites is not destroyed';

ALTER TABLE govgrid.destruction DROP CONSTRAINT destruction_kind_check;
ALTER TABLE govgrid.destruction ADD CONSTRAINT destruction_kind_check
    CHECK (kind IN ('undo', 'attachments', 'audit', 'viewings', 'requests', 'exports'));
