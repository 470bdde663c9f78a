"""Faults put on a served home under a mixed load of writes, and what was left of the writes."""
