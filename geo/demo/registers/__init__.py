"""Registers of the synthetic district."""
