"""The one Alembic environment: runs the revisions of the component that `lumbung.migrate` names."""

from alembic import context

import lumbung.database.operations  # noqa: F401  (registers op.create_tenant_table)

component = context.config.attributes["component"]
context.configure(
    connection=context.config.attributes["connection"],
    version_table=component.version_table,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
