"""Planning: surveys, failure analysis, sites."""
