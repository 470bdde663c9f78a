"""What every room may use: errors, settings, words, codes, coordinate systems, polygons."""
