"""Long work as jobs: asked for over HTTP, run by the worker, one turn after the other."""
