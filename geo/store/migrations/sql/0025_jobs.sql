-- Long work as jobs: what they are stands here, the queue itself in a schema of its library.

CREATE TABLE govgrid.job (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind         text NOT NULL CHECK (kind IN ('import', 'coverage', 'export')),
    account      uuid NOT NULL REFERENCES govgrid.account (id) ON DELETE CASCADE,
    account_name text NOT NULL,
    layer        text,
    source       text,
    state        text NOT NULL DEFAULT 'uploaded'
        CHECK (state IN ('uploaded', 'waiting', 'running', 'done', 'failed', 'cancelled')),
    asked        jsonb NOT NULL DEFAULT '{}',
    step         text,
    done         integer,
    total        integer,
    result       jsonb,
    error        jsonb,
    created_at   timestamptz NOT NULL DEFAULT govgrid.now(),
    started_at   timestamptz,
    ended_at     timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    cancel_asked boolean NOT NULL DEFAULT false,
    queue_id     bigint
);
CREATE INDEX job_account ON govgrid.job (account, created_at DESC);
COMMENT ON COLUMN govgrid.job.asked IS 'what it is to do; its rights are those of its account when it runs';
COMMENT ON COLUMN govgrid.job.error IS 'key of the sentence and its facts';
COMMENT ON COLUMN govgrid.job.queue_id IS 'of the queue, while it waits or runs';

ALTER TABLE govgrid.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON govgrid.job FOR ALL TO govgrid_web
    USING (account = govgrid.session_setting('account')::uuid OR govgrid.has_action('accounts'))
    WITH CHECK (account = govgrid.session_setting('account')::uuid OR govgrid.has_action('accounts'));
GRANT SELECT, DELETE ON govgrid.job TO govgrid_web;
GRANT INSERT (kind, account, account_name, layer, source, asked) ON govgrid.job TO govgrid_web;
GRANT UPDATE (state, asked, step, done, total, result, error, started_at, ended_at, attempts, cancel_asked)
    ON govgrid.job TO govgrid_web;

-- The service may put jobs that it sees into the queue and take them out, and nothing else of it.
CREATE FUNCTION govgrid.enqueue_job(job uuid, turn text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = govgrid_queue, pg_temp AS $$
BEGIN
    UPDATE govgrid.job j SET state = 'waiting', attempts = 0, cancel_asked = false,
        step = NULL, done = NULL, total = NULL, error = NULL, result = NULL,
        started_at = NULL, ended_at = NULL,
        queue_id = (procrastinate_defer_jobs_v1(ARRAY[ROW('jobs', 'run_job', 0, turn, j.id::text,
            jsonb_build_object('job', j.id), NULL::timestamptz)::procrastinate_job_to_defer_v1]))[1]
    WHERE j.id = enqueue_job.job AND j.state NOT IN ('waiting', 'running')
        AND (j.account = govgrid.session_setting('account')::uuid OR govgrid.has_action('accounts'));
END $$;
CREATE FUNCTION govgrid.dequeue_job(job uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = govgrid_queue, pg_temp AS $$
BEGIN
    UPDATE govgrid.job j SET cancel_asked = true,
        state = CASE WHEN j.state = 'waiting' AND procrastinate_cancel_job_v1(j.queue_id, false, true)
            IS NOT NULL THEN 'cancelled' ELSE j.state END,
        ended_at = CASE WHEN j.state = 'waiting' THEN govgrid.now() END
    WHERE j.id = dequeue_job.job AND j.state IN ('waiting', 'running')
        AND (j.account = govgrid.session_setting('account')::uuid OR govgrid.has_action('accounts'));
END $$;
REVOKE EXECUTE ON FUNCTION govgrid.enqueue_job, govgrid.dequeue_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION govgrid.enqueue_job, govgrid.dequeue_job TO govgrid_web;
