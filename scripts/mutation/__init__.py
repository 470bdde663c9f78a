"""Mutation testing: change one place of the pure packages at a time and see a test fail."""
