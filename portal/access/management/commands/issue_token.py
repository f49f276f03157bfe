"""`manage.py issue_token USER --scopes … --days N`: a token for a person's programs."""

from django.core.management.base import BaseCommand, CommandError

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.access.management.people import person
from portal.core.problems import Problem


class Command(BaseCommand):
    help = "Issue a token; the last line of standard output is the token alone."

    def add_arguments(self, parser):
        parser.add_argument("user")
        parser.add_argument("--scopes", nargs="+", default=["*"])
        parser.add_argument("--days", type=int, default=30)
        parser.add_argument("--label", default="")
        parser.add_argument("--study", default="")

    def handle(self, *args, **options):
        scopes = [word for text in options["scopes"] for word in text.split(",") if word]
        try:
            token = actions.issue_token(
                by=SYSTEM, on=person(options["user"]), scopes=scopes, days=options["days"],
                label=options["label"] or options["study"],
            )  # fmt: skip
        except Problem as problem:
            raise CommandError(problem.sentence) from None
        self.stdout.write(token)
