"""Registers the access rules for people and listens to sign-ins."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "portal.access"

    def ready(self):
        from portal.access import receivers, rules, subjects  # noqa: F401

        rules.register()
        subjects.register_own()
