"""Incidents: location, unit, cameras."""
