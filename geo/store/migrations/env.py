"""Runs the revisions on the connection it is given; each revision is one SQL file."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="revision", version_table_schema="govgrid")
with context.begin_transaction():
    context.run_migrations()
