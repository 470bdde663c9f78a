-- Lists of incidents go by when each was known, the newest first, page by page.
CREATE INDEX incident_shown ON govgrid.incident ((coalesce(reported_at, occurred_at, created_at)), id);
CREATE INDEX incident_category_shown
    ON govgrid.incident (category, (coalesce(reported_at, occurred_at, created_at)), id);
DROP INDEX govgrid.incident_category;
