"""The database: the private cluster, migrations, tables."""
