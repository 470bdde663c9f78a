"""Tests; the folder is a package so that its parts find each other by name."""
