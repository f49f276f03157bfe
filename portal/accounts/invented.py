"""The people of the demonstration by name: they have no place in a hospital that treats real ones."""

from portal.accounts.models import User

NAMES = {
    "clinician": "Amara Okafor",
    "clinician2": "Jonas Lind",
    "scientist": "Mei Tanaka",
    "scientist2": "Luca Ferri",
    "reviewer": "Ruth Adler",
    "reviewer2": "Tomás Vega",
    "admin": "Ines Prado",
    "auditor": "Noor Haddad",
}


def active() -> list[str]:
    """The user names of demonstration people who could sign in; a real person called “admin” is not one of them."""
    known = User.objects.filter(username__in=NAMES, is_active=True).only("username", "first_name", "last_name")
    return sorted(person.username for person in known if person.get_full_name() == NAMES[person.username])
