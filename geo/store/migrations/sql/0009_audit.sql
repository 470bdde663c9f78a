-- What was done, by whom: rows are only added, and sealed into a chain of hashes.

CREATE TABLE govgrid.audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    account     text NOT NULL,
    unit        text NOT NULL DEFAULT '',
    address     text NOT NULL DEFAULT '',
    action      text NOT NULL,
    object      text NOT NULL DEFAULT '',
    outcome     text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'refused', 'failed')),
    facts       jsonb NOT NULL DEFAULT '{}',
    note        text,
    note_sha256 bytea NOT NULL,
    seal_no     bigint UNIQUE,
    seal        bytea,
    CONSTRAINT audit_note_hashed CHECK (note IS NULL OR note_sha256 = sha256(convert_to(note, 'UTF8'))),
    CONSTRAINT audit_sealed_whole CHECK ((seal_no IS NULL) = (seal IS NULL))
);
COMMENT ON COLUMN govgrid.audit.note IS 'free text; chained by its hash, so that it can be redacted (null) without breaking the chain';
COMMENT ON COLUMN govgrid.audit.seal IS 'hash over the seal before it, in the order of seal_no, and the row: see geo/chain.py';
CREATE INDEX audit_unsealed ON govgrid.audit (id) WHERE seal_no IS NULL;
CREATE INDEX audit_at ON govgrid.audit (at);
CREATE INDEX audit_account ON govgrid.audit (account, id);
-- few rows each: what was removed by whom, and when the chain was last verified
CREATE INDEX audit_redacted ON govgrid.audit (id) WHERE note IS NULL;
CREATE INDEX audit_own ON govgrid.audit (id) WHERE action IN ('audit.redact', 'audit.verify');

CREATE FUNCTION govgrid.audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
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
    END IF;
    RAISE EXCEPTION 'the audit only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON govgrid.audit
    FOR EACH ROW EXECUTE FUNCTION govgrid.audit_only_grows();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON govgrid.audit
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.audit_only_grows();

ALTER TABLE govgrid.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY written ON govgrid.audit FOR INSERT TO govgrid_web WITH CHECK (true);
CREATE POLICY read ON govgrid.audit FOR SELECT TO govgrid_web USING (govgrid.may('audit'));
GRANT SELECT ON govgrid.audit TO govgrid_web;
-- by column: number, time and seal of a row are the database's and the worker's to give
GRANT INSERT (account, unit, address, action, object, outcome, facts, note, note_sha256)
    ON govgrid.audit TO govgrid_web;
