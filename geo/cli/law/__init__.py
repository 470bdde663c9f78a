"""Commands on law and access: users, audit, register, filing."""
