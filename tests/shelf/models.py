"""A model with an audience, for tests and benchmarks of lists: books that people and groups may see."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from portal.access.audience import AudienceField, GroupPermissionTable, passing_index
from portal.access.models import PermissionTable
from portal.core import guard

SEE = "see_book"


class Book(guard.Guarded):
    """One of very many objects."""

    AUDIENCE = SEE
    name = models.CharField(max_length=40)
    audience = AudienceField()

    class Meta:
        app_label = "shelf"
        permissions = ((SEE, "Can see"),)
        indexes = (
            GinIndex(fields=("audience",), name="book_audience"),
            # A list by name reads the index alone, also where many rows in between are not for this person.
            models.Index(fields=("name",), include=("id", "audience"), name="book_list"),
        )


class BookUserPermission(PermissionTable):
    """Who may see which book."""

    content_object = models.ForeignKey(Book, on_delete=models.CASCADE)

    class Meta(PermissionTable.Meta):
        app_label = "shelf"
        indexes = (passing_index("user", "book_user_passing"),)


class BookGroupPermission(GroupPermissionTable):
    """Which group may see which book."""

    content_object = models.ForeignKey(Book, on_delete=models.CASCADE)

    class Meta(GroupPermissionTable.Meta):
        app_label = "shelf"
        indexes = (passing_index("group", "book_group_passing"),)
