"""`manage.py rotate_keys`: a new encryption key, and every value under it; older keys stay readable until `--drop`."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.access import rotation
from portal.access.actors import SYSTEM
from portal.core.keys import new_phi_key, new_signing_key, write_key


class Command(BaseCommand):
    help = "Put a new key in front of the ring and encrypt everything under it."

    def add_arguments(self, parser):
        parser.add_argument("--finish", action="store_true", help="the new key is in place: encrypt under it")
        parser.add_argument("--drop", action="store_true", help="forget the older keys afterwards")

        parser.add_argument(
            "--signing", action="store_true", help="a new key for signatures instead; older ones still prove theirs"
        )

    def handle(self, *args, **options):
        if options["signing"]:
            self._add_signing()
            return
        if not options["finish"]:
            self._add(options)
            return
        changed = rotation.reencrypt(by=SYSTEM)
        if options["drop"]:
            write_key(settings.DATA / "keys", "phi_keys", settings.PHI_KEYS.split()[0])
        self.stdout.write(f"{changed} rows are under the newest key now.")

    def _add_signing(self) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "In production the keys come from the environment: put this one first in FORMULARY_SIGNING_KEYS, "
                f"keep the others behind it, and restart.\n{new_signing_key()}"
            )
        write_key(settings.DATA / "keys", "signing_keys", f"{new_signing_key()}\n{settings.SIGNING_KEYS}")
        self.stdout.write("New signatures are made with the new key once the portal is started again.")

    def _add(self, options) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "In production the keys come from the environment: put this one first in FORMULARY_PHI_KEYS, "
                f"restart, then run rotate_keys --finish.\n{new_phi_key()}"
            )
        write_key(settings.DATA / "keys", "phi_keys", f"{new_phi_key()}\n{settings.PHI_KEYS}")
        # Settings are read once: the command goes on in a process that knows the new key.
        os.execv(sys.executable, [sys.executable, *sys.argv, "--finish"])  # noqa: S606
