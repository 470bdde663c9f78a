-- How often each layer was written to: a cache that keeps the revision it was filled at is stale
-- where the revision is another one now.

CREATE TABLE govgrid.layer_revision (
    layer    text PRIMARY KEY,
    revision bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN govgrid.layer_revision.revision IS
    'one more with each transaction that wrote; a row, as a sequence would show before COMMIT';
-- Emptied by each transaction before it ends, so nothing is lost with it.
CREATE UNLOGGED TABLE govgrid.layer_write (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    layer       text NOT NULL,
    PRIMARY KEY (transaction, layer)
);
COMMENT ON TABLE govgrid.layer_write IS 'layers that the running transactions wrote to';

CREATE FUNCTION govgrid.layer_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        PERFORM FROM changed LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO govgrid.layer_write (layer) VALUES (TG_ARGV[0]) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- At COMMIT, so that writers hold each other up for a moment only; all layers of a transaction at
-- once and in one order, so that no two wait for each other.
CREATE FUNCTION govgrid.count_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written text[];
BEGIN
    SELECT array_agg(layer) INTO written FROM govgrid.layer_write WHERE transaction = NEW.transaction;
    PERFORM FROM govgrid.layer_revision WHERE layer = ANY(written) ORDER BY layer FOR UPDATE;
    UPDATE govgrid.layer_revision SET revision = revision + 1 WHERE layer = ANY(written);
    DELETE FROM govgrid.layer_write WHERE transaction = NEW.transaction;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER count_revisions AFTER INSERT ON govgrid.layer_write
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION govgrid.count_revisions();

CREATE FUNCTION govgrid.revise(tables text[], layer_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name  text;
    event text;
BEGIN
    INSERT INTO govgrid.layer_revision (layer) VALUES (layer_name) ON CONFLICT DO NOTHING;
    FOREACH name IN ARRAY tables LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format(
                'CREATE TRIGGER revise_%s AFTER %s ON govgrid.%I REFERENCING %s TABLE AS changed'
                ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.layer_written(%L)',
                event, event, name, CASE event WHEN 'delete' THEN 'OLD' ELSE 'NEW' END, layer_name);
        END LOOP;
        EXECUTE format(
            'CREATE TRIGGER revise_truncate AFTER TRUNCATE ON govgrid.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION govgrid.layer_written(%L)', name, layer_name);
    END LOOP;
END $$;

SELECT govgrid.revise(ARRAY[name], name)
FROM unnest(ARRAY['building', 'road', 'water', 'farmland', 'place', 'entrance', 'address', 'pole',
                  'centre', 'privacy_zone', 'restricted_zone', 'camera_status', 'viewshed',
                  'category', 'calendar', 'permit', 'consent', 'setting']) AS name;
SELECT govgrid.revise(ARRAY['area', 'area_nesting', 'area_succession'], 'area');
SELECT govgrid.revise(ARRAY['camera', 'camera_view'], 'camera');
SELECT govgrid.revise(ARRAY['unit', 'unit_duty', 'pairing'], 'unit');
SELECT govgrid.revise(ARRAY['incident', 'dispatch'], 'incident');
SELECT govgrid.revise(ARRAY['coverage_run', 'area_coverage', 'gap'], 'coverage');
SELECT govgrid.revise(ARRAY['filing', 'filed_camera'], 'filing');

GRANT SELECT ON govgrid.layer_revision TO govgrid_web, govgrid_read;
GRANT UPDATE (revision) ON govgrid.layer_revision TO govgrid_web;
GRANT SELECT, INSERT, DELETE ON govgrid.layer_write TO govgrid_web;
