"""Running an installation: database, worker, checklist."""
