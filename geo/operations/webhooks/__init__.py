"""Webhooks: programs elsewhere that are told of incidents, signed, to allowed addresses only."""
