"""Routes of people with accounts: log-in, accounts, grants."""
