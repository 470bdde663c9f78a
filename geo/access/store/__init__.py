"""Tables of accounts, rights and the audit."""
