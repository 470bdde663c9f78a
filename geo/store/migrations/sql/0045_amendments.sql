-- An edit replaces the gaps of single pieces of demand, and writes the chosen figures before the others.
ALTER TABLE govgrid.gap ADD COLUMN piece bigint;
COMMENT ON COLUMN govgrid.gap.piece IS 'hash of the piece of demand that it is of; NULL: written before pieces were told';
DROP INDEX govgrid.gap_grid;
CREATE INDEX gap_piece ON govgrid.gap (coverage_run, device_set, detail, certainty, grid_code, piece);

ALTER TABLE govgrid.coverage_run ADD COLUMN pending boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN govgrid.coverage_run.pending IS 'certain figures of all devices are those of this revision, the others follow';
