"""Backups: encryption, retention, and drills on real servers."""
