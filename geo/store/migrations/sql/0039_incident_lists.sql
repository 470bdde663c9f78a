-- Lists of incidents under row-level security: it lets no COALESCE be looked up in an index,
-- but a CASE.
CREATE INDEX incident_listed ON govgrid.incident ((CASE WHEN reported_at IS NOT NULL THEN reported_at
    WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id);
CREATE INDEX incident_open_listed ON govgrid.incident ((CASE WHEN reported_at IS NOT NULL THEN reported_at
    WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id)
    WHERE state NOT IN ('closed', 'not_accepted', 'duplicate', 'cancelled');
CREATE INDEX incident_category_listed ON govgrid.incident (category, (CASE WHEN reported_at IS NOT NULL THEN reported_at
    WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id);
CREATE INDEX incident_grid_listed ON govgrid.incident (grid_code, (CASE WHEN reported_at IS NOT NULL THEN reported_at
    WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id);
CREATE INDEX incident_own_listed ON govgrid.incident (created_account, (CASE WHEN reported_at IS NOT NULL THEN reported_at
    WHEN occurred_at IS NOT NULL THEN occurred_at ELSE created_at END), id)
    WHERE created_account IS NOT NULL;
DROP INDEX govgrid.incident_category_shown;
