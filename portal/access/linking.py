"""Two pages of a person's administration: linking and unlinking an account of the hospital's own sign-in."""

from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from portal.access import policy, sso
from portal.accounts import fresh
from portal.accounts.models import User
from portal.core.problems import BadInput


class SignInPages:
    """For the admin of people: how somebody can sign in, and the two pages that change it."""

    def get_urls(self):
        pages = (("link", self.link_view), ("unlink", self.unlink_view))
        return [self._page(name, view) for name, view in pages] + super().get_urls()

    @admin.display(description="can sign in with")
    def ways(self, person):
        """The ways in, each in words, with what can be done about them."""
        words = ", ".join(sso.ways_in(person)) or "nothing: this person cannot sign in"
        if not settings.OIDC or not person.is_active:
            return words
        page, what = ("unlink", "Unlink the account…") if sso.accounts_of(person) else ("link", "Link an account…")
        return format_html('{}<br><a href="{}">{}</a>', words, self._address(page, person), what)

    def link_view(self, request, object_id):
        """Link an account by the subject that the provider shows."""
        person, errors = self._person(request, object_id), {}
        if request.method == "POST":
            fresh.require(request)
            try:
                sso.link(by=request.user, on=person, subject=request.POST.get("subject", "").strip())
                messages.success(request, f"Linked. {person.label} signs in with {settings.OIDC['name']} now.")
                return redirect(self._address("change", person))
            except BadInput as problem:
                errors = problem.errors
        return self._show(request, "link", person, errors, {"typed": request.POST})

    def unlink_view(self, request, object_id):
        """Unlink the account; what the person can still sign in with is said before."""
        person, errors = self._person(request, object_id), {}
        account = next(iter(sso.accounts_of(person)), None)
        if request.method == "POST":
            fresh.require(request)
            try:
                left = sso.unlink(
                    by=request.user, on=person, account=account.pk if account else None,
                    knowing=bool(request.POST.get("knowing")),
                )  # fmt: skip
                how = f"can still sign in with {', '.join(left)}" if left else "cannot sign in any more"
                messages.success(request, f"Unlinked. {person.label} {how}.")
                return redirect(self._address("change", person))
            except BadInput as problem:
                errors = problem.errors
        left = sso.ways_in(person, but=account) if account else []
        return self._show(request, "unlink", person, errors, {"account": account, "left": left})

    def _page(self, name: str, view):
        guarded = require_http_methods(["GET", "HEAD", "POST"])(self.admin_site.admin_view(view))
        return path(f"<int:object_id>/{name}/", guarded, name=f"accounts_user_{name}")

    def _address(self, name: str, person) -> str:
        return reverse(f"admin:accounts_user_{name}", args=[person.pk])

    def _person(self, request, object_id) -> User:
        policy.require(request.user, self.permission)
        person = User.objects.filter(pk=object_id).first()
        if person is None:
            raise Http404
        return person

    def _show(self, request, name: str, person, errors: dict, more: dict):
        context = self.admin_site.each_context(request) | {
            "opts": self.opts, "person": person, "errors": errors, "provider": settings.OIDC.get("name", ""),
        }  # fmt: skip
        status = 422 if errors else 200
        return render(request, f"admin/accounts/user/{name}.html", context | more, status=status)
