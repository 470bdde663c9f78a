-- What the law wants to be known of cameras beside the register: filings, consents, permissions, changes.

ALTER TABLE govgrid.camera
    ADD COLUMN retention_reason text,
    ADD COLUMN sign_checked_on date;
COMMENT ON COLUMN govgrid.camera.retention_reason IS 'the law or order by which footage is kept longer than Decree 799 Art. 17 asks';

CREATE TABLE govgrid.filing (
    code text PRIMARY KEY, unit_name text NOT NULL, filed_on date NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}', import_run bigint
);
COMMENT ON TABLE govgrid.filing IS 'Decree 799 Art. 14: what a unit has filed with the police, by the filing''s number';
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
    legal_basis text,
    kind        text NOT NULL CHECK (kind IN ('moved', 'removed')),
    at          timestamptz NOT NULL DEFAULT now(),
    import_run  bigint,
    before      geometry(Point, 4326) NOT NULL,
    after       geometry(Point, 4326)
);
COMMENT ON TABLE govgrid.camera_change IS 'each change of a registered position, each removal: to be held against permissions';
CREATE INDEX camera_change_camera ON govgrid.camera_change (camera_code);

SELECT govgrid.remember_table(name, 'code', '') FROM unnest(ARRAY['filing', 'consent', 'permit']) AS name;
GRANT SELECT ON govgrid.filing, govgrid.filed_camera, govgrid.consent, govgrid.permit, govgrid.camera_change
TO govgrid_web, govgrid_read;

-- the second fence: a removed camera is in no row of its own any more
ALTER TABLE govgrid.camera_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.camera_change FOR SELECT TO govgrid_web USING (
    govgrid.within_grant(before) OR govgrid.within_grant(after));
CREATE POLICY drawn ON govgrid.camera_change FOR SELECT TO govgrid_read USING (true);
