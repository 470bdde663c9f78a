-- Reports are made as jobs too; who looks whether the service is well sees when a worker was heard of.
ALTER TABLE govgrid.job DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check CHECK (kind IN ('import', 'coverage', 'export', 'report'));

CREATE VIEW govgrid.worker_heartbeat AS
    SELECT max(last_heartbeat) AS heartbeat_at FROM govgrid_queue.procrastinate_workers;
COMMENT ON VIEW govgrid.worker_heartbeat IS 'of any worker; null where there never was one';
GRANT SELECT ON govgrid.worker_heartbeat TO govgrid_web, govgrid_read;
