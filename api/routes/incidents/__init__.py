"""Incidents: taken, corrected, with cameras, files and papers."""
