"""Jobs and quotas in the admin: jobs are looked at, quotas are set through the action."""

from django.contrib import admin, messages

from portal.access import policy
from portal.access.admin import ReadOnlyAdmin, VerbAdmin
from portal.access.permissions import Permission
from portal.compute import actions
from portal.compute.models import Job, Quota
from portal.compute.reasons import Fault
from portal.core.problems import Problem


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Every job with its state and reason; whose data it is about is not shown."""

    permission = Permission.JOB_SEE
    list_display = ("public_id", "kind", "state", "why", "fault", "attempt", "created_by", "created_at", "ended_at")
    list_filter = ("state", "kind", "reason")
    search_fields = ("public_id", "created_by__username")
    fields = (
        "public_id", "kind", "purpose", "state", "why", "for_operators", "fault", "attempt", "created_by", "created_at", "started_at",
        "ended_at", "lease_until", "nudges",
    )  # fmt: skip
    actions = ("cancel_chosen",)

    @admin.display(description="where it is and why")
    def why(self, job):
        return job.sentence

    @admin.display(description="what to look at")
    def for_operators(self, job):
        return job.operator_sentence

    @admin.display(description="where it failed")
    def fault(self, job):
        return Fault(job.fault).label if job.fault else "–"

    @admin.action(description="Cancel the chosen jobs")
    def cancel_chosen(self, request, queryset):
        for job in queryset:
            try:
                actions.cancel(by=request.user, on=job)
            except Problem as problem:
                messages.warning(request, f"{job.public_id}: {problem.sentence}")


@admin.register(Quota)
class QuotaAdmin(VerbAdmin):
    """How many predictions each person may run a day; without a row the site's default holds."""

    permission = Permission.QUOTA_SET
    list_display = ("person", "resource", "daily_limit", "changed_at")
    fields = ("person", "daily_limit")
    autocomplete_fields = ()

    def get_readonly_fields(self, request, obj=None):
        return ("person",) if obj else ()

    def perform(self, request, obj):
        policy.require(request.user, self.permission)
        actions.set_quota(by=request.user, on=obj.person, daily_limit=obj.daily_limit)
