-- What tiles draw of rows that other rooms write.

CREATE VIEW govgrid.tile_camera WITH (security_invoker = true) AS
    SELECT c.code, c.name, c.owner_kind, c.form, c.connection, c.status, v.heading_deg, v.hfov_deg, v.range_m,
        c.geom, c.coarse_geom
    FROM govgrid.camera c LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1;
COMMENT ON VIEW govgrid.tile_camera IS 'for tiles: a camera with its first view, exact and coarse place';

CREATE VIEW govgrid.tile_viewshed WITH (security_invoker = true) AS
    SELECT v.camera_code || '/' || v.view_no || '/' || v.certainty AS code, v.camera_code, v.detail, v.certainty,
        c.owner_kind, c.geom AS camera_geom, v.geom
    FROM govgrid.viewshed v JOIN govgrid.camera c ON c.code = v.camera_code;
COMMENT ON VIEW govgrid.tile_viewshed IS 'for tiles: viewsheds in the metric SRID, with the place of their camera';

CREATE VIEW govgrid.tile_incident WITH (security_invoker = true) AS
    SELECT code, category, state, geom FROM govgrid.incident;
COMMENT ON VIEW govgrid.tile_incident IS 'for tiles: where incidents are and how far they got, no words of theirs';

GRANT SELECT ON govgrid.tile_camera, govgrid.tile_viewshed TO govgrid_web, govgrid_read;
GRANT SELECT ON govgrid.tile_incident TO govgrid_web;
