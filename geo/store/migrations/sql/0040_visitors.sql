-- Sessions whose screens visitors look at: they are shown what a wall shows, until the next log-in.
ALTER TABLE govgrid.session ADD COLUMN visitors boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN govgrid.session.visitors IS 'visitors look on: nothing but areas and counts is told, until the account logs in again';
