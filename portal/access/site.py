"""The admin's site: only our own pages, only for administrators, through the portal's one sign-in."""

from functools import wraps
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.access.permissions import Permission

# Roads around the actions: a password changed without an event, rows of any model by their number.
_CLOSED = frozenset({"password_change", "password_change_done", "view_on_site", "autocomplete"})
METHODS = {"index": ("GET",), "app_list": ("GET",), "jsi18n": ("GET",), "login": ("GET", "POST"), "logout": ("POST",)}
OPENS = Permission.PERSON_MANAGE


class PortalAdminConfig(AdminConfig):
    default_site = "portal.access.site.PortalAdminSite"


class PortalAdminSite(admin.AdminSite):
    """Refuses pages that other packages register, because those would save around the actions."""

    site_header = site_title = "Formulary administration"
    index_title = "People, quotas and jobs"
    site_url = "/"
    enable_nav_sidebar = False
    final_catch_all_view = False

    def register(self, model_or_iterable, admin_class=None, **options):
        if admin_class is not None and admin_class.__module__.startswith("portal."):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self):
        """The site's own pages that are open, each for its methods only, and the pages of the registered tables."""
        found = [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in _CLOSED]
        for pattern in found:
            if getattr(pattern, "name", None) in METHODS:
                pattern.callback = require_http_methods([*METHODS[pattern.name], "HEAD"])(pattern.callback)
        return found

    def has_permission(self, request) -> bool:
        return _policy().decide(request.user, OPENS).allowed

    def admin_view(self, view, cacheable=False):
        """Somebody signed in who may not come in is told why; the stock site would send them to sign in for ever."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request, *args, **kwargs):
            if request.user.is_authenticated:
                _policy().require(request.user, OPENS)
            return inner(request, *args, **kwargs)

        return guarded

    def login(self, request, extra_context=None):
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")


def _policy():
    # This module is read before the models are, for the configuration of the admin.
    from portal.access import policy

    return policy
