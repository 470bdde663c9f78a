-- What is kept no longer, and the register of what was destroyed (销毁清单).
ALTER TABLE govgrid.import_run ADD COLUMN undo_gone_at timestamptz;
COMMENT ON COLUMN govgrid.import_run.undo_gone_at IS
    'when the rows as they were before were destroyed: it cannot be undone any more';

CREATE TABLE govgrid.destruction (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT govgrid.now(),
    kind      text NOT NULL CHECK (kind IN ('undo', 'attachments')),
    number    bigint NOT NULL CHECK (number > 0),
    oldest    timestamptz,
    newest    timestamptz,
    kept_days integer NOT NULL
);
COMMENT ON TABLE govgrid.destruction IS 'what was destroyed because its time was over: numbers, never contents';
COMMENT ON COLUMN govgrid.destruction.oldest IS 'time of the oldest of what was destroyed';
COMMENT ON COLUMN govgrid.destruction.kept_days IS 'the rule that held then';

CREATE FUNCTION govgrid.destruction_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the register of what was destroyed only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON govgrid.destruction
    FOR EACH STATEMENT EXECUTE FUNCTION govgrid.destruction_only_grows();
ALTER TABLE govgrid.destruction ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON govgrid.destruction FOR SELECT TO govgrid_web
    USING (govgrid.has_action('register') OR govgrid.has_action('audit'));
GRANT SELECT ON govgrid.destruction TO govgrid_web;
