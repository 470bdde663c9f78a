-- Who may see what: roles of the server, accounts, grants, sessions, keys, and the second fence.

-- The service works as govgrid_web, never as the owner of the tables. To draw and to compute it
-- steps down to govgrid_read, which sees all equipment and ground but no account, register or matter.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['govgrid_web', 'govgrid_read'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                -- without inheriting: else a policy for the one would hold for the other
                EXECUTE format('CREATE ROLE %I NOINHERIT', role);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- made by another database meanwhile
            WHEN insufficient_privilege THEN
                RAISE insufficient_privilege USING MESSAGE = format(
                    'role %I is missing; have a superuser run: CREATE ROLE govgrid_web NOINHERIT;'
                    ' CREATE ROLE govgrid_read NOINHERIT; GRANT govgrid_read TO govgrid_web;'
                    ' GRANT govgrid_web TO %I', role, current_user);
        END;
    END LOOP;
    IF NOT pg_has_role('govgrid_web', 'govgrid_read', 'MEMBER') THEN
        GRANT govgrid_read TO govgrid_web;
    END IF;
    IF NOT pg_has_role(current_user, 'govgrid_web', 'MEMBER') THEN
        EXECUTE format('GRANT govgrid_web TO %I', current_user);
    END IF;
END $$;

CREATE TABLE govgrid.account (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name                text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{1,63}$'),
    kind                text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'display', 'service')),
    holder              text NOT NULL DEFAULT '',
    unit_code           text,
    unit_name           text NOT NULL DEFAULT '',
    password_hash       text,
    password_changed_at timestamptz,
    must_change         boolean NOT NULL DEFAULT true,
    totp_secret         text,
    totp_step           bigint NOT NULL DEFAULT 0,
    oidc_issuer         text,
    oidc_subject        text,
    disabled_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    created_by          text NOT NULL,
    last_login_at       timestamptz,
    UNIQUE (oidc_issuer, oidc_subject)
);
COMMENT ON COLUMN govgrid.account.holder IS 'name of the holder: the law wants it in the viewing register; nowhere else are persons kept';
COMMENT ON COLUMN govgrid.account.totp_secret IS 'encrypted with the key of the installation';
COMMENT ON COLUMN govgrid.account.totp_step IS 'the last time step that was accepted: a code is good once';

CREATE TABLE govgrid.role_grant (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account        uuid NOT NULL REFERENCES govgrid.account ON DELETE CASCADE,
    role           text NOT NULL,
    area_unit_id   bigint,
    camera_classes text[] NOT NULL DEFAULT '{}' CHECK (camera_classes <@ ARRAY['skynet', 'social']),
    depth          text NOT NULL CHECK (depth IN ('count', 'position', 'direction', 'gaps', 'picture')),
    granted_by     text NOT NULL,
    granted_at     timestamptz NOT NULL DEFAULT now(),
    until          date,
    UNIQUE NULLS NOT DISTINCT (account, role, area_unit_id)
);
COMMENT ON COLUMN govgrid.role_grant.area_unit_id IS 'stable over the versions of an area; null: everything there is';

CREATE TABLE govgrid.session (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    token_sha256 bytea NOT NULL UNIQUE,
    account      uuid NOT NULL REFERENCES govgrid.account ON DELETE CASCADE,
    csrf         text NOT NULL,
    stage        text NOT NULL CHECK (stage IN ('totp', 'enrol', 'change', 'full')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    address      text NOT NULL DEFAULT '',
    agent        text NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON govgrid.session (account);
COMMENT ON COLUMN govgrid.session.stage IS 'what is still owed before the session counts: second factor, its enrolment, a new password';

CREATE TABLE govgrid.api_key (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account    uuid NOT NULL REFERENCES govgrid.account ON DELETE CASCADE,
    name       text NOT NULL,
    key_sha256 bytea NOT NULL UNIQUE,
    hint       text NOT NULL,
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_at    timestamptz
);
CREATE INDEX api_key_account ON govgrid.api_key (account);

CREATE TABLE govgrid.login_failure (
    key    bytea PRIMARY KEY,
    failed integer NOT NULL,
    until  timestamptz,
    at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE govgrid.login_failure IS 'log-ins in vain in a row, by the hash of a name or an address: of names without an account as well, so that they cannot be told apart';

CREATE TABLE govgrid.dispatch (
    incident_code text NOT NULL REFERENCES govgrid.incident ON DELETE CASCADE ON UPDATE CASCADE,
    unit_code     text NOT NULL,
    dispatched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_code, unit_code)
);
COMMENT ON TABLE govgrid.dispatch IS 'which unit an incident was given to; the unit sees it wherever it lies';

CREATE TABLE govgrid.bulk_read (
    account  uuid NOT NULL REFERENCES govgrid.account ON DELETE CASCADE,
    what     text NOT NULL,
    hour     timestamptz NOT NULL,
    rows     bigint NOT NULL,
    register uuid,
    PRIMARY KEY (account, what, hour)
);
COMMENT ON TABLE govgrid.bulk_read IS 'how much an account read in an hour; beyond a limit it is an export, with its row in the register';

-- Questions of rights, answered the same way for every reader.

CREATE FUNCTION govgrid.covered_by(place geometry, areas bigint[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM govgrid.area a
        WHERE a.unit_id = ANY (areas) AND a.valid @> govgrid.today() AND ST_Intersects(a.geom, place))
$$;
COMMENT ON FUNCTION govgrid.covered_by IS 'true where a place (EPSG:4326) lies in, or reaches into, one of the areas (unit_ids) of today';

CREATE FUNCTION govgrid.cameras_granted(areas bigint[], classes text[], depths integer[])
RETURNS TABLE (code text, depth integer, distance_m double precision)
LANGUAGE sql STABLE AS $$
    WITH granted AS (
        SELECT g.class, g.depth, a.geom
        FROM unnest(areas, classes, depths) AS g(unit_id, class, depth)
        LEFT JOIN govgrid.area a ON a.unit_id = g.unit_id AND a.valid @> govgrid.today()
        WHERE g.unit_id IS NULL OR a.unit_id IS NOT NULL
    ), own AS (
        SELECT c.code, max(g.depth) AS depth
        FROM granted g
        JOIN govgrid.camera c ON coalesce(c.owner_kind, 'unknown') = g.class
            AND (g.geom IS NULL OR ST_Intersects(g.geom, c.geom))
        GROUP BY c.code
    ), derived AS MATERIALIZED ( -- transformed once, not for each camera
        SELECT g.class, ST_Transform(g.geom, s.srid) AS ground
        FROM granted g, (SELECT value::text::integer AS srid FROM govgrid.setting WHERE key = 'metric_srid') s
        WHERE g.geom IS NOT NULL AND g.depth >= 1
    )
    SELECT own.code, own.depth, 0.0 FROM own
    UNION ALL
    SELECT c.code, NULL, min(ST_Distance(d.ground, ST_Transform(c.geom, ST_SRID(d.ground))))
    FROM derived d
    JOIN govgrid.viewshed v ON ST_Intersects(d.ground, ST_SetSRID(v.geom, ST_SRID(d.ground)))
    JOIN govgrid.camera c ON c.code = v.camera_code AND coalesce(c.owner_kind, 'unknown') = d.class
    WHERE NOT EXISTS (SELECT FROM own WHERE own.code = c.code)
    GROUP BY c.code
$$;
COMMENT ON FUNCTION govgrid.cameras_granted IS
    'cameras of a set of grants (unit_id or null for everything, class skynet, social or unknown, depth 0 to 4):'
    ' own ones with their depth, and those of others whose viewshed meets a granted area, with null for depth and the distance to it';

-- The second fence. A transaction of the service says who asks: govgrid.granted (unit_ids or
-- "all"), govgrid.account (uuid), govgrid.unit, govgrid.actions. Where it says nothing, nothing is seen.

CREATE FUNCTION govgrid.told(name text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('govgrid.' || name, true), '')
$$;
CREATE FUNCTION govgrid.may(action text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(action = ANY (string_to_array(govgrid.told('actions'), ',')), false)
$$;
CREATE FUNCTION govgrid.within_grant(place geometry) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE govgrid.told('granted')
        WHEN 'all' THEN true
        ELSE coalesce(govgrid.covered_by(place, string_to_array(govgrid.told('granted'), ',')::bigint[]), false)
    END
$$;

ALTER TABLE govgrid.camera ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.camera TO govgrid_web USING (govgrid.within_grant(geom));
CREATE POLICY drawn ON govgrid.camera FOR SELECT TO govgrid_read USING (true);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['camera_view', 'camera_status', 'viewshed'] LOOP
        EXECUTE format('ALTER TABLE govgrid.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY granted ON govgrid.%1$I TO govgrid_web USING'
            ' (EXISTS (SELECT FROM govgrid.camera c WHERE c.code = %1$I.camera_code))', name);
        EXECUTE format(
            'CREATE POLICY drawn ON govgrid.%I FOR SELECT TO govgrid_read USING (true)', name);
    END LOOP;
END $$;

ALTER TABLE govgrid.incident ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON govgrid.incident TO govgrid_web USING (
    govgrid.told('granted') = 'all' OR govgrid.within_grant(geom)
    OR EXISTS (SELECT FROM govgrid.dispatch d
               WHERE d.incident_code = incident.code AND d.unit_code = govgrid.told('unit')));

ALTER TABLE govgrid.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON govgrid.account FOR SELECT TO govgrid_web USING (
    id = govgrid.told('account')::uuid OR govgrid.may('login') OR govgrid.may('accounts')
    OR govgrid.may('grants'));
CREATE POLICY made ON govgrid.account FOR INSERT TO govgrid_web WITH CHECK (govgrid.may('accounts'));
CREATE POLICY kept ON govgrid.account FOR UPDATE TO govgrid_web USING (
    id = govgrid.told('account')::uuid OR govgrid.may('login') OR govgrid.may('accounts'));
ALTER TABLE govgrid.role_grant ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON govgrid.role_grant FOR SELECT TO govgrid_web USING (
    account = govgrid.told('account')::uuid OR govgrid.may('login') OR govgrid.may('accounts')
    OR govgrid.may('grants'));
-- nobody gives himself a role
CREATE POLICY given ON govgrid.role_grant TO govgrid_web USING (
    govgrid.may('grants') AND account IS DISTINCT FROM govgrid.told('account')::uuid);
ALTER TABLE govgrid.login_failure ENABLE ROW LEVEL SECURITY;
CREATE POLICY counted ON govgrid.login_failure TO govgrid_web USING (
    govgrid.may('login') OR govgrid.may('accounts'));
ALTER TABLE govgrid.bulk_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON govgrid.bulk_read TO govgrid_web USING (account = govgrid.told('account')::uuid);
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['session', 'api_key'] LOOP
        EXECUTE format('ALTER TABLE govgrid.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own ON govgrid.%I TO govgrid_web USING (account = govgrid.told(''account'')::uuid'
            ' OR govgrid.may(''login'') OR govgrid.may(''accounts''))', name);
    END LOOP;
END $$;

-- What each role of the server may touch. Tables of imports and of computing stay the owner's.
GRANT USAGE ON SCHEMA govgrid TO govgrid_web, govgrid_read;
GRANT SELECT ON
    govgrid.revision, govgrid.setting, govgrid.area, govgrid.area_now, govgrid.area_nesting, govgrid.area_succession,
    govgrid.camera, govgrid.camera_view, govgrid.camera_status, govgrid.viewshed,
    govgrid.building, govgrid.road, govgrid.water, govgrid.farmland, govgrid.place, govgrid.entrance,
    govgrid.address, govgrid.pole, govgrid.privacy_zone, govgrid.restricted_zone, govgrid.centre,
    govgrid.unit, govgrid.unit_duty, govgrid.pairing, govgrid.category, govgrid.calendar,
    govgrid.coverage_run, govgrid.area_coverage, govgrid.gap, govgrid.import_run
TO govgrid_web, govgrid_read;
GRANT SELECT ON govgrid.incident, govgrid.dispatch TO govgrid_web;
GRANT INSERT, UPDATE ON govgrid.camera_status TO govgrid_web;
GRANT UPDATE (connection) ON govgrid.camera TO govgrid_web;
GRANT SELECT, INSERT ON govgrid.account TO govgrid_web;
-- by column: who an account is, and when it was made, stays
GRANT UPDATE (password_hash, password_changed_at, must_change, totp_secret, totp_step,
    disabled_at, last_login_at, holder, unit_code, unit_name, oidc_issuer, oidc_subject)
    ON govgrid.account TO govgrid_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON govgrid.role_grant, govgrid.session, govgrid.login_failure TO govgrid_web;
GRANT SELECT, INSERT, UPDATE ON govgrid.api_key, govgrid.bulk_read TO govgrid_web;
