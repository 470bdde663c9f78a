"""Files in and out: readers, checks against a layer, schema of layers, writers."""
