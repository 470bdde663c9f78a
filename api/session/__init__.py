"""Identity of requests: sessions, cookies, rules of routes."""
