-- Webhooks: programs elsewhere that are told of incidents; and which categories a reporter's form offers.

CREATE TABLE govgrid.webhook (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name         text NOT NULL UNIQUE,
    url          text NOT NULL,
    account      uuid NOT NULL REFERENCES govgrid.account (id) ON DELETE CASCADE,
    kinds        text[] NOT NULL CHECK (kinds <@ ARRAY['created', 'moved', 'alarm'] AND kinds <> '{}'),
    secret       text NOT NULL,
    active       boolean NOT NULL DEFAULT true,
    xact         xid8 NOT NULL,
    event        bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT govgrid.now(),
    created_by   text NOT NULL,
    delivered_at timestamptz,
    failed_at    timestamptz,
    error        text
);
COMMENT ON COLUMN govgrid.webhook.account IS 'of a program: its grants decide what is told, and how exactly';
COMMENT ON COLUMN govgrid.webhook.secret IS 'encrypted with the key of the installation';
COMMENT ON COLUMN govgrid.webhook.xact IS 'with event: up to where the outbox was read for it';

CREATE TABLE govgrid.webhook_delivery (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number   bigint GENERATED ALWAYS AS IDENTITY,
    webhook  uuid NOT NULL REFERENCES govgrid.webhook (id) ON DELETE CASCADE,
    code     text,
    kind     text NOT NULL,
    at       timestamptz NOT NULL,
    data     jsonb NOT NULL DEFAULT '{}',
    state    text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
    attempts integer NOT NULL DEFAULT 0,
    next_at  timestamptz,
    status   integer,
    error    text,
    ended_at timestamptz
);
CREATE INDEX webhook_delivery_due ON govgrid.webhook_delivery (webhook, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_of ON govgrid.webhook_delivery (webhook, number DESC);
COMMENT ON TABLE govgrid.webhook_delivery IS 'what happened, without texts or places: what is told is read when it is sent';

-- Managed by who manages accounts; the worker, which owns the tables, sends.
ALTER TABLE govgrid.webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE govgrid.webhook_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY managed ON govgrid.webhook FOR ALL TO govgrid_web
    USING (govgrid.has_action('accounts')) WITH CHECK (govgrid.has_action('accounts'));
CREATE POLICY managed ON govgrid.webhook_delivery FOR SELECT TO govgrid_web USING (govgrid.has_action('accounts'));
GRANT SELECT, INSERT, UPDATE, DELETE ON govgrid.webhook TO govgrid_web;
GRANT SELECT ON govgrid.webhook_delivery TO govgrid_web;

CREATE VIEW govgrid.webhook_account WITH (security_invoker = true) AS
    SELECT id, name FROM govgrid.account;
COMMENT ON VIEW govgrid.webhook_account IS 'for webhooks: names of the accounts whose rights they have';
GRANT SELECT ON govgrid.webhook_account TO govgrid_web;

ALTER TABLE govgrid.category
    ADD COLUMN report_rank integer CHECK (report_rank BETWEEN 1 AND 12);
CREATE UNIQUE INDEX category_report_rank ON govgrid.category (report_rank) WHERE NOT shipped;
COMMENT ON COLUMN govgrid.category.report_rank IS
    'place on the form of a reporter, which offers twelve at most; null: not on it';
COMMENT ON COLUMN govgrid.category.gbt30428_class IS
    'class of GB/T 30428, by its name; no code is claimed, as the text of the standard was not at hand';
UPDATE govgrid.category c SET report_rank = v.rank, gbt30428_class = coalesce(c.gbt30428_class, v.class)
FROM (VALUES
    ('default-manhole', 1, '部件 公用设施'),
    ('default-waste', 2, '事件 市容环境 暴露垃圾'),
    ('default-collapse', 3, '事件 突发事件 路面塌陷'),
    ('default-gas', 4, NULL),
    ('default-trapped', 5, NULL),
    ('default-noise', 6, NULL)
) AS v (code, rank, class)
WHERE c.code = v.code AND c.shipped;
