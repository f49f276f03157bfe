#!/usr/bin/env python
"""The command line of the portal."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def main() -> None:
    """Run a command; what makes a start impossible is said in one line."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        from portal import celery  # noqa: F401  (tasks are sent through the portal's own Celery application)

        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, PermissionError, OSError) as problem:
        sys.exit(f"Formulary cannot start: {problem}")


if __name__ == "__main__":
    main()
