-- What the law wants to be known of cameras beside the register: filings, consents, permissions, changes.

ALTER TABLE govgrid.camera
    ADD COLUMN retention_reason text,
    ADD COLUMN sign_checked_on date;
COMMENT ON COLUMN govgrid.camera.retention_reason IS 'the law or order by which footage is kept longer than Decree 799 Art. 17 asks';

CREATE TABLE govgrid.filing (
    code text PRIMARY KEY, unit_name text NOT NULL, filed_on date NOT NULL,
    sheet_sha256 text,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
COMMENT ON TABLE govgrid.filing IS 'Decree 799 Art. 14: what a unit has filed with the police, by the filing''s number';
COMMENT ON COLUMN govgrid.filing.sheet_sha256 IS
    'the sheet that was handed in, whose rows are what was filed; null: what the register said of its cameras';
CREATE TABLE govgrid.filed_camera (
    filing_code text NOT NULL REFERENCES govgrid.filing ON DELETE CASCADE,
    camera_code text NOT NULL,
    snapshot    jsonb NOT NULL,
    PRIMARY KEY (filing_code, camera_code)
);
COMMENT ON COLUMN govgrid.filed_camera.snapshot IS 'what of the camera was filed: position, kind, retention, unit';

CREATE TABLE govgrid.consent (
    code text PRIMARY KEY, camera_code text NOT NULL, zone_code text NOT NULL,
    document text NOT NULL, consented_on date,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
COMMENT ON TABLE govgrid.consent IS 'Decree 799 Art. 10: consent of the restricted unit near which a camera stands';
CREATE TABLE govgrid.permit (
    code text PRIMARY KEY, camera_code text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('moved', 'removed')),
    document text NOT NULL, permitted_on date,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
COMMENT ON TABLE govgrid.permit IS 'Decree 799 Art. 23: permission to move or remove equipment of Art. 7';

CREATE TABLE govgrid.camera_change (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_code text NOT NULL,
    name        text NOT NULL,
    owner_kind  text,
    legal_basis text,
    management_unit text,
    kind        text NOT NULL CHECK (kind IN ('moved', 'removed')),
    at          timestamptz NOT NULL DEFAULT now(),
    import_run  bigint,
    before      geometry(Point, 4326) NOT NULL,
    after       geometry(Point, 4326)
);
COMMENT ON TABLE govgrid.camera_change IS 'each change of a registered position, each removal: to be held against permissions';
CREATE INDEX camera_change_camera ON govgrid.camera_change (camera_code);
CREATE INDEX camera_change_run ON govgrid.camera_change (import_run) WHERE import_run IS NOT NULL;

-- An undo puts rows back to what they were: for the law nothing has happened then.
CREATE FUNCTION govgrid.undoing() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('govgrid.undoing', true), '') <> ''
$$;

-- What was filed of a camera: geo/filing.py names the same fields.
CREATE FUNCTION govgrid.filed_snapshot(c govgrid.camera) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'management_unit', c.management_unit, 'name', c.name, 'lon', ST_X(c.geom), 'lat', ST_Y(c.geom),
        'address', c.address, 'owner_kind', c.owner_kind, 'form', c.form, 'point_class', c.point_class,
        'mount_height_m', c.mount_height_m, 'retention_days', c.retention_days,
        'installed_on', c.installed_on)
$$;

-- A filing that is new, or filed anew on a later day, is of the cameras as they are known then.
CREATE FUNCTION govgrid.file_cameras() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF govgrid.undoing() THEN
        RETURN NULL;
    END IF;
    DELETE FROM govgrid.filed_camera WHERE filing_code = NEW.code;
    IF NEW.sheet_sha256 IS NULL THEN
        INSERT INTO govgrid.filed_camera (filing_code, camera_code, snapshot)
        SELECT NEW.code, c.code, govgrid.filed_snapshot(c) FROM govgrid.camera c
        WHERE c.filing_no = NEW.code AND c.status IS DISTINCT FROM 'removed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER filed AFTER INSERT ON govgrid.filing FOR EACH ROW
    EXECUTE FUNCTION govgrid.file_cameras();
CREATE TRIGGER filed_anew AFTER UPDATE OF filed_on, sheet_sha256 ON govgrid.filing FOR EACH ROW
    WHEN (NEW.filed_on > OLD.filed_on OR NEW.sheet_sha256 IS DISTINCT FROM OLD.sheet_sha256)
    EXECUTE FUNCTION govgrid.file_cameras();

-- Filed anew on a later day without a sheet: the old sheet is no longer what was filed.
CREATE FUNCTION govgrid.outdate_sheet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.undoing() THEN
        NEW.sheet_sha256 := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outdated BEFORE UPDATE OF filed_on ON govgrid.filing FOR EACH ROW
    WHEN (NEW.filed_on > OLD.filed_on AND NEW.sheet_sha256 IS NOT DISTINCT FROM OLD.sheet_sha256)
    EXECUTE FUNCTION govgrid.outdate_sheet();

-- A camera that is given the number of a filing was filed under it, unless the sheet is known.
CREATE FUNCTION govgrid.file_camera() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.undoing() THEN
        INSERT INTO govgrid.filed_camera (filing_code, camera_code, snapshot)
        SELECT f.code, NEW.code, govgrid.filed_snapshot(NEW) FROM govgrid.filing f
        WHERE f.code = NEW.filing_no AND f.sheet_sha256 IS NULL
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER filed AFTER INSERT ON govgrid.camera FOR EACH ROW
    WHEN (NEW.filing_no IS NOT NULL) EXECUTE FUNCTION govgrid.file_camera();
CREATE TRIGGER filed_later AFTER UPDATE OF filing_no ON govgrid.camera FOR EACH ROW
    WHEN (NEW.filing_no IS NOT NULL AND NEW.filing_no IS DISTINCT FROM OLD.filing_no)
    EXECUTE FUNCTION govgrid.file_camera();

CREATE FUNCTION govgrid.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT govgrid.undoing() THEN
        INSERT INTO govgrid.camera_change (
            camera_code, name, owner_kind, legal_basis, management_unit, kind, import_run, before, after)
        VALUES (OLD.code, OLD.name, OLD.owner_kind, OLD.legal_basis, OLD.management_unit, TG_ARGV[0],
            nullif(current_setting('govgrid.import_run', true), '')::bigint, OLD.geom,
            CASE TG_ARGV[0] WHEN 'moved' THEN NEW.geom END);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moved AFTER UPDATE OF geom ON govgrid.camera FOR EACH ROW
    WHEN (NEW.geom IS DISTINCT FROM OLD.geom) EXECUTE FUNCTION govgrid.note_change('moved');
-- the register says 拆除 and keeps the row; who takes the row away later removes nothing more
CREATE TRIGGER removed AFTER UPDATE OF status ON govgrid.camera FOR EACH ROW
    WHEN (NEW.status = 'removed' AND OLD.status IS DISTINCT FROM 'removed')
    EXECUTE FUNCTION govgrid.note_change('removed');
CREATE TRIGGER deleted AFTER DELETE ON govgrid.camera FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM 'removed') EXECUTE FUNCTION govgrid.note_change('removed');

SELECT govgrid.remember_table(name, 'code', '') FROM unnest(ARRAY['filing', 'consent', 'permit']) AS name;
SELECT govgrid.remember_table('filed_camera', 'filing_code camera_code', '');
GRANT SELECT ON govgrid.filing, govgrid.filed_camera, govgrid.consent, govgrid.permit, govgrid.camera_change
TO govgrid_web, govgrid_read;

-- the second fence: a removed camera is in no row of its own any more
ALTER TABLE govgrid.camera_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.camera_change FOR SELECT TO govgrid_web USING (
    govgrid.within_grant(before) OR govgrid.within_grant(after));
CREATE POLICY drawn ON govgrid.camera_change FOR SELECT TO govgrid_read USING (true);
-- what was filed of a camera says where it stands, or stood
ALTER TABLE govgrid.filed_camera ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.filed_camera FOR SELECT TO govgrid_web USING (
    govgrid.within_grant(ST_SetSRID(ST_MakePoint(
        (snapshot ->> 'lon')::double precision, (snapshot ->> 'lat')::double precision), 4326)));
CREATE POLICY drawn ON govgrid.filed_camera FOR SELECT TO govgrid_read USING (true);
