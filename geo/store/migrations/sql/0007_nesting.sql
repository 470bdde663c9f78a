-- What each area belongs to, over time: derived from the versions of all areas, kept apart from them.

CREATE TABLE govgrid.area_nesting (
    unit_id        bigint NOT NULL,
    valid          daterange NOT NULL,
    parent_unit_id bigint,
    path           ltree NOT NULL,
    CONSTRAINT area_nesting_one_at_a_time EXCLUDE USING gist (unit_id WITH =, valid WITH &&)
);
COMMENT ON TABLE govgrid.area_nesting IS 'a parent may change while the area itself does not: derived anew after each change of areas';
COMMENT ON COLUMN govgrid.area_nesting.path IS 'unit_ids from the district down to this area';

DELETE FROM govgrid.area WHERE isempty(valid);
INSERT INTO govgrid.area_nesting SELECT unit_id, valid, parent_unit_id, path FROM govgrid.area;

DROP VIEW govgrid.area_now;
ALTER TABLE govgrid.area
    DROP COLUMN parent_unit_id,
    DROP COLUMN path,
    ADD CONSTRAINT area_some_day CHECK (NOT isempty(valid));
CREATE INDEX area_nesting_path ON govgrid.area_nesting USING gist (path);

CREATE VIEW govgrid.area_now AS
    SELECT a.*, n.parent_unit_id, n.path
    FROM govgrid.area a
    LEFT JOIN govgrid.area_nesting n ON n.unit_id = a.unit_id AND n.valid @> govgrid.today()
    WHERE a.valid @> govgrid.today();
