"""Admin pages behind the policy: they show what a right allows and save through actions only."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from portal.access import actions, policy, roles
from portal.access.linking import SignInPages
from portal.access.permissions import Permission
from portal.accounts import fresh
from portal.accounts.models import ApiToken, User
from portal.core import phi
from portal.core.problems import Problem


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at; `permission` is the right that opens them."""

    permission: Permission
    list_per_page = 50
    pages = ("changelist", "change")

    @classmethod
    def methods_of(cls, page: str) -> tuple[str, ...]:
        """What a page of this table answers to: posts only where something can be done."""
        return ("GET", "POST") if page == "changelist" and cls.actions else ("GET",)

    def get_urls(self):
        """The pages that exist here: nothing is deleted, and the ledger is the history."""
        start = f"{self.opts.app_label}_{self.opts.model_name}_"
        kept = [found for found in super().get_urls() if (found.name or "").removeprefix(start) in self.pages]
        for found in kept:
            methods = self.methods_of(found.name.removeprefix(start))
            found.callback = require_http_methods([*methods, "HEAD"])(found.callback)
        return kept

    def phi(self) -> str:
        """The PHI class of these pages: that of the field which says most."""
        names = [*self.list_display, *self.list_filter, *self.search_fields, *self._declared_fields()]
        return phi.most(found for name in names if (found := phi.class_at(self.model, str(name))))

    def get_list_display(self, request):
        return self._unmasked(super().get_list_display(request))

    def get_list_filter(self, request):
        return self._unmasked(super().get_list_filter(request))

    def lookup_allowed(self, lookup, value, request=None):
        """Only by the page's own filters: the stock admin takes any column, and by its answers a hash can be read out."""
        offered = {str(name).partition("__")[0] for name in self.get_list_filter(request)}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def get_search_fields(self, request):
        return self._unmasked(super().get_search_fields(request))

    def get_fields(self, request, obj=None):
        return self._unmasked(super().get_fields(request, obj))

    def _declared_fields(self):
        return self.fields or getattr(getattr(self.form, "_meta", None), "fields", None) or ()

    def _unmasked(self, names) -> list:
        """Without what says more about a person than a pseudonym: those who run the machines never see it."""
        return [name for name in flatten(names) if phi.class_at(self.model, str(name)) not in phi.MASKED]

    def _allowed(self, request) -> bool:
        return policy.decide(request.user, self.permission).allowed

    def has_module_permission(self, request):
        return self._allowed(request)

    def has_view_permission(self, request, obj=None):
        return self._allowed(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_actions(self, request):
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}


class VerbAdmin(ReadOnlyAdmin):
    """Rows that are added and changed through an action; `perform` names it."""

    pages = ("changelist", "add", "change")

    @classmethod
    def methods_of(cls, page):
        return super().methods_of(page) if page == "changelist" else ("GET", "POST")

    def has_add_permission(self, request):
        return self._allowed(request)

    def has_change_permission(self, request, obj=None):
        return self._allowed(request)

    def perform(self, request, obj):
        """Call the action that saves `obj`."""
        raise TypeError(f"{type(self).__name__} names no action.")

    def save_model(self, request, obj, form, change):
        try:
            self.perform(request, obj)
        except Problem as problem:
            request.refused = problem.sentence

    def log_addition(self, request, obj, message):
        """The ledger holds what was done; the admin keeps no second log."""

    def log_change(self, request, obj, message):
        """The ledger holds what was done; the admin keeps no second log."""

    def response_add(self, request, obj, post_url_continue=None):
        return self._answer(request)

    def response_change(self, request, obj):
        return self._answer(request)

    def _answer(self, request):
        refused = getattr(request, "refused", "")
        if refused:
            messages.error(request, refused)
        else:
            messages.success(request, "Saved, and written to the audit log.")
        return HttpResponseRedirect("../" if "/add/" in request.path else "../../")


class PersonForm(forms.ModelForm):
    """A person's roles; leaving and coming back have pages of their own, which end and count everything."""

    role_names = forms.MultipleChoiceField(
        label="Roles", choices=[(name, role.title) for name, role in roles.ROLES.items()],
        widget=forms.CheckboxSelectMultiple, required=False,
    )  # fmt: skip

    class Meta:
        model = User
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["role_names"] = sorted(self.instance.role_names) if self.instance.pk else []


@admin.register(User)
class PersonAdmin(SignInPages, VerbAdmin):
    """People and their roles; who leaves is shut out under Hospital, and nobody is ever removed."""

    permission = Permission.PERSON_MANAGE
    pages = ("changelist", "change")
    form = PersonForm
    fields = ("user_name", "label", "account", "last_login", "ways", "role_names")
    readonly_fields = fields[:-1]
    list_display = ("username", "label", "held", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    actions = ("unlock", "reset_factors")

    def has_add_permission(self, request):
        return False

    @admin.display(description="user name")
    def user_name(self, person):
        return person.username

    @admin.display(description="account")
    def account(self, person):
        """Whether it is open, and the way to the page that opens or closes it with everything that hangs on it."""
        words, page, what = (
            ("open", "leave", "Leaves the hospital…") if person.is_active else ("left", "come-back", "Comes back…")
        )
        return format_html('{}, <a href="{}">{}</a>', words, reverse(f"hospital:{page}", args=[person.public_id]), what)

    @admin.display(description="roles")
    def held(self, person):
        return ", ".join(sorted(person.role_names))

    def save_form(self, request, form, change):
        request.role_names = form.cleaned_data["role_names"]
        return super().save_form(request, form, change)

    def save_related(self, request, form, formsets, change):
        """Groups are set by the action."""

    def perform(self, request, obj):
        actions.set_roles(by=request.user, on=User.objects.get(pk=obj.pk), role_names=request.role_names)

    def changeform_view(self, request, *args, **kwargs):
        if request.method == "POST":
            fresh.require(request)
        return super().changeform_view(request, *args, **kwargs)

    @admin.action(description="Let in again after a lock-out")
    def unlock(self, request, people):
        _each(self, request, people, actions.unlock, "may try again")

    @admin.action(description="Take the second factors away (lost device); the person adds new ones")
    def reset_factors(self, request, people):
        fresh.require(request)
        _each(self, request, people, actions.reset_factors, "must add a second factor at the next sign-in")


@admin.register(ApiToken)
class TokenAdmin(ReadOnlyAdmin):
    """Everyone's tokens: what they may do, when they end, when they were last used; never the token itself."""

    permission = Permission.PERSON_MANAGE
    list_display = ("user", "label", "scope_words", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "label")
    fields = ("user", "label", "scope_words", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("withdraw",)

    @admin.display(description="scopes")
    def scope_words(self, token):
        return " ".join(token.scopes)

    @admin.action(description="Revoke now")
    def withdraw(self, request, tokens):
        _each(self, request, tokens, actions.withdraw_token, "is revoked")


def _each(page, request, rows, verb, outcome: str) -> None:
    for row in rows:
        try:
            verb(by=request.user, on=row)
            page.message_user(request, f"{row} {outcome}.", messages.SUCCESS)
        except Problem as problem:
            page.message_user(request, problem.sentence, messages.ERROR)
