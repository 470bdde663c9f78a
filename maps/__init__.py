"""Drawings: pages made of the frames they are given."""
