-- Entries of live rows may have been marked as dead in it while areas were imported: made anew.
REINDEX INDEX govgrid.area_nesting_one_at_a_time;
