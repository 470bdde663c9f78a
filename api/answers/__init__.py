"""Answers: bodies, forms, downloads, pages, problems."""
