"""The admin's site: only our own pages, only for administrators, through the portal's one sign-in."""

from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.shortcuts import redirect
from django.urls import reverse

# Roads around the actions: a password changed without an event, rows of any model by their number.
_CLOSED = frozenset({"password_change", "password_change_done", "view_on_site", "autocomplete"})


class PortalAdminConfig(AdminConfig):
    default_site = "portal.access.site.PortalAdminSite"


class PortalAdminSite(admin.AdminSite):
    """Refuses pages that other packages register, because those would save around the actions."""

    site_header = site_title = "Formulary administration"
    index_title = "People, quotas and jobs"
    site_url = "/"

    def register(self, model_or_iterable, admin_class=None, **options):
        if admin_class is not None and admin_class.__module__.startswith("portal."):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self):
        return [found for found in super().get_urls() if getattr(found, "name", None) not in _CLOSED]

    def has_permission(self, request) -> bool:
        person = request.user
        return person.is_active and person.is_authenticated and "admin" in person.role_names

    def login(self, request, extra_context=None):
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
