"""Backups: database, attachments and settings in one file, restored, verified, kept for a time."""
