"""Use cases: each reads like its sentence; the only place where store and computing meet."""
