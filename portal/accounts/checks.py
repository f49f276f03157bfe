"""System checks that look into the database; `portal.core.start` runs them before the web server and the workers."""

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError

from portal.accounts import invented


@register(Tags.database)
def no_demonstration_people(app_configs, databases=None, **kwargs):
    """Production does not start with people whose passwords were printed on a screen."""
    if not settings.PRODUCTION or "default" not in (databases or ()):
        return []
    try:
        found = invented.active()
    except DatabaseError:
        hint = "The database does not answer or has no tables yet; /readyz asks again."
        return [
            Warning("Whether demonstration people are in the database is not known.", hint=hint, id="formulary.W021")
        ]
    if not found:
        return []
    return [
        Error(
            f"The database holds demonstration people: {', '.join(found)}.",
            hint="Start production with a database of its own, or shut them out: manage.py setup --end-demonstration.",
            id="formulary.E021",
        )
    ]
