"""Who may see an object, kept on its row: the list of 200,000 objects that one person may see 20 of opens as fast as any.

guardian's direct-foreign-key tables stay the truth. `audience` repeats, for one right, the subjects whose grants have no
end (a person as its key, a group as its key below nought), and as MAYBE those whose grant ends some day: for them the
query looks at the moment. A grant that begins later has an end, if only in the year 9999. `grants` refreshes it in the transaction that writes the tables.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, QuerySet, Value, When
from guardian.models import GroupObjectPermissionBase
from guardian.shortcuts import get_group_obj_perms_model, get_user_obj_perms_model

from portal.access.models import Grant
from portal.core import clock, prepared
from portal.core.arrays import Numbers
from portal.core.guard import Guarded
from portal.core.phi import Phi

MAYBE = 1 << 30


class GroupPermissionTable(GroupObjectPermissionBase, Guarded):
    """One group's right to one object until a moment; subclasses add `content_object`."""

    PHI = {"since": Phi.NONE, "until": Phi.NONE}
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True
        unique_together = ("group", "permission", "content_object", "grant")


class AudienceField(ArrayField):
    """The subjects who may see a row; an integer array with a GIN index on PostgreSQL, unused elsewhere."""

    def __init__(self, **kwargs):
        super().__init__(models.IntegerField(), default=list, editable=False)

    def deconstruct(self):
        name, path, _, _ = super().deconstruct()
        return name, path, [], {}

    def db_type(self, connection):
        return super().db_type(connection) if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value, connection, prepared=False):
        return super().get_db_prep_value(value, connection, prepared) if connection.vendor == "postgresql" else ""

    def from_db_value(self, value, expression, connection):
        return value or []


def reach(model: type[models.Model], by, codename: str) -> Q:
    """The rows of a model with an audience on which `by` holds `codename` now, themselves or through a group."""
    if connection.vendor != "postgresql":
        return _by_tables(model, by, codename)
    subjects = [by.pk, *(-group for group in by.memberships)]
    always = Q(audience__overlap=Numbers(subjects))
    if not _has_passing(model, by):
        return always
    maybe = Q(audience__overlap=Numbers([subject + MAYBE for subject in subjects]))
    return always | (maybe & _by_tables(model, by, codename))


def _by_tables(model, by, codename: str) -> Q:
    people = _live(get_user_obj_perms_model(model), codename).filter(user_id=by.pk)
    groups = _live(get_group_obj_perms_model(model), codename).filter(group_id__in=list(by.memberships))
    return Q(Exists(people)) | Q(Exists(groups))


def _has_passing(model, by) -> bool:
    # Asked once for each request, as the memberships are: a person's object lives no longer.
    known = by.__dict__.setdefault("_passing", {})
    if model not in known:
        known[model] = bool(prepared.rows(("passing", model), lambda person: _passing(model, person), by.pk))
    return known[model]


def _passing(model, person: int) -> QuerySet:
    """Whether any grant that reaches this person ends some day; a partial index holds these few."""
    own = get_user_obj_perms_model(model)._default_manager.filter(user_id=person, until__gt=clock.now())
    groups = get_group_obj_perms_model(model)._default_manager.filter(group__user=person, until__gt=clock.now())
    return own.values_list("pk")[:1].union(groups.values_list("pk")[:1])


def passing_index(kind: str, name: str) -> models.Index:
    """The index that a permission table of an object with an audience has, over the grants that end."""
    return models.Index(fields=(kind, "until"), name=name, condition=Q(until__isnull=False))


def refresh(rows: QuerySet, codename: str) -> int:
    """Write the audience of some rows anew from the permission tables; returns how many there were."""
    if connection.vendor != "postgresql":
        return 0
    people = _subjects(get_user_obj_perms_model(rows.model), codename, F("user_id"))
    groups = _subjects(get_group_obj_perms_model(rows.model), codename, -F("group_id"))
    return rows.update(audience=Func(ArraySubquery(people), ArraySubquery(groups), function="array_cat"))


def _live(table, codename: str) -> QuerySet:
    now = clock.now()
    rows = table._default_manager.filter(content_object=OuterRef("pk"), permission__codename=codename, since__lte=now)
    return rows.filter(Q(until__isnull=True) | Q(until__gt=now))


def _subjects(table, codename: str, subject) -> QuerySet:
    now = clock.now()
    rows = table._default_manager.filter(content_object=OuterRef("pk"), permission__codename=codename)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=now))
    always = When(until__isnull=True, then=subject)
    coded = Case(always, default=subject + Value(MAYBE), output_field=models.IntegerField())
    return rows.annotate(subject=coded).values("subject")
