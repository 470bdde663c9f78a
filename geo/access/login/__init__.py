"""Log-in: passwords, second factor, identity provider."""
