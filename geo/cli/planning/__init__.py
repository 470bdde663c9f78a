"""Commands on coverage and planning."""
