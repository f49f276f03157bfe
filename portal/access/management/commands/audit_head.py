"""`manage.py audit_head`: sign the newest seal now, or print the public key by which outsiders check heads."""

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.access.actors import SYSTEM
from portal.access.ledger import sign_head
from portal.audit import heads


class Command(BaseCommand):
    help = "Put a signed head of the ledger into the folder of heads."

    def add_arguments(self, parser):
        parser.add_argument("--public-key", action="store_true", help="print the public key (PEM) and nothing else")

    def handle(self, *args, **options):
        if options["public_key"]:
            self.stdout.write(heads.public_key().rstrip())
            return
        head = sign_head(by=SYSTEM)
        if head is None:
            self.stdout.write("The newest seal has its head already, or there is no seal yet.")
        else:
            self.stdout.write(f"{head.path.name} in {settings.HEADS.name}/ attests seal {head.seal}.")
