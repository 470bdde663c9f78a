-- Which engine of coverage is the present one: an amendment of an earlier one is undone.

CREATE TABLE govgrid.coverage_engine (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL DEFAULT 0,
    since timestamptz
);
COMMENT ON COLUMN govgrid.coverage_engine.epoch IS 'one more with each engine that took over';
INSERT INTO govgrid.coverage_engine DEFAULT VALUES;
GRANT SELECT ON govgrid.coverage_engine TO govgrid_web, govgrid_read;
