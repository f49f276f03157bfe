"""The ledger's own locks: triggers on both databases, and the sequence of positions on PostgreSQL."""

from django.db import migrations

from portal.audit import triggers


def install(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        schema_editor.execute("CREATE SEQUENCE IF NOT EXISTS audit_position AS bigint")
    triggers.install(connection, triggers.FIRST)


def drop(apps, schema_editor):
    connection = schema_editor.connection
    triggers.drop(connection, triggers.FIRST)
    if connection.vendor == "postgresql":
        schema_editor.execute("DROP SEQUENCE IF EXISTS audit_position")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, drop)]
