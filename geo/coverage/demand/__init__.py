"""Pure computing of demand: the ground, roads and points that must be seen."""
