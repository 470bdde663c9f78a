-- Sensitive incidents (disputes, petitions, about minors): exact place and text for who handles them.

ALTER TABLE govgrid.incident ADD COLUMN sensitive boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN govgrid.incident.sensitive IS
    'of a sensitive category: in no layer, tile, search, export or figure; others are told the community';
CREATE FUNCTION govgrid.is_sensitive(category text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM govgrid.category k
        WHERE k.sensitive AND ($1 = k.code OR $1 = k.name))
$$;
CREATE FUNCTION govgrid.derive_sensitive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sensitive := govgrid.is_sensitive(NEW.category);
    RETURN NEW;
END $$;
CREATE TRIGGER derive_sensitive BEFORE INSERT OR UPDATE OF category, sensitive ON govgrid.incident
    FOR EACH ROW EXECUTE FUNCTION govgrid.derive_sensitive();
-- A category that becomes sensitive, or is so no more, takes its incidents with it.
CREATE FUNCTION govgrid.pass_on_sensitive() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE govgrid.incident i SET sensitive = NEW.sensitive
    WHERE i.category IN (NEW.code, NEW.name) AND i.sensitive <> govgrid.is_sensitive(i.category);
    RETURN NULL;
END $$;
CREATE TRIGGER pass_on_sensitive AFTER INSERT OR UPDATE ON govgrid.category
    FOR EACH ROW EXECUTE FUNCTION govgrid.pass_on_sensitive();
UPDATE govgrid.incident SET sensitive = true WHERE govgrid.is_sensitive(category);
GRANT EXECUTE ON FUNCTION govgrid.is_sensitive TO govgrid_web, govgrid_read;

CREATE OR REPLACE VIEW govgrid.tile_incident WITH (security_invoker = true) AS
    SELECT code, category, state, geom FROM govgrid.incident WHERE NOT sensitive;
CREATE OR REPLACE VIEW govgrid.search_incident WITH (security_invoker = true) AS
    SELECT code, title, geom FROM govgrid.incident WHERE NOT sensitive;
CREATE OR REPLACE VIEW govgrid.incident_place WITH (security_invoker = true) AS
    SELECT code, geom, reported_at, occurred_at, sensitive, unseen_demand FROM govgrid.incident;
COMMENT ON COLUMN govgrid.incident_place.unseen_demand IS 'ticked where nobody sees: it weighs more';
