"""Who may see what: accounts, log-in, grants, predicates of queries, audit."""
