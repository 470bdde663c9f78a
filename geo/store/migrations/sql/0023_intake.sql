-- Intake of incidents: what it reads of other rooms, and what is hidden of sensitive ones.

CREATE VIEW govgrid.known_number WITH (security_invoker = true) AS
    SELECT code AS number FROM govgrid.pole
    UNION ALL SELECT code FROM govgrid.camera
    UNION ALL SELECT code FROM govgrid.area_now
    UNION ALL SELECT code FROM govgrid.address
    UNION ALL SELECT code FROM govgrid.incident
    UNION ALL SELECT regexp_replace(duty_phone, '\D', '', 'g') FROM govgrid.unit WHERE duty_phone IS NOT NULL;
COMMENT ON VIEW govgrid.known_number IS
    'for incidents: codes of things and office numbers, which look like numbers of persons';
GRANT SELECT ON govgrid.known_number TO govgrid_web;

CREATE OR REPLACE VIEW govgrid.camera_contact WITH (security_invoker = true) AS
    SELECT code, name, owner_kind, connection, retention_days, installed_on, management_unit,
        duty_phone, geom, supply_light
    FROM govgrid.camera;

CREATE VIEW govgrid.newest_run WITH (security_invoker = true) AS
    SELECT max(id) AS id FROM govgrid.coverage_run;
COMMENT ON VIEW govgrid.newest_run IS 'for incidents: the run whose cameras were answered';
GRANT SELECT ON govgrid.newest_run TO govgrid_web;
