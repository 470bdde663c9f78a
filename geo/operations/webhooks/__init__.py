"""Webhooks: programs elsewhere get signed news of incidents, at allowed addresses only."""
