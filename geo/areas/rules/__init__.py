"""Pure rules of areas: location, nesting, partition, succession, versions."""
