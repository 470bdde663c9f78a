"""Who asks: sessions, cookies, rules of routes."""
