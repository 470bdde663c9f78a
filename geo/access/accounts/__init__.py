"""Accounts, grants, sessions, keys of programs."""
