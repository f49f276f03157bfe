"""What can be asked for about studies, and who decides."""

from portal.access import grantable
from portal.access.permissions import Permission
from portal.studies.models import LEAD, MEMBER, Study, StudyUserPermission


def _find(named: dict) -> Study | None:
    text = named.get("name", "").strip()
    return Study.objects.filter(slug=text.casefold()).first() or Study.objects.filter(title__iexact=text).first()


def _led_by(person):
    return Study.objects.filter(StudyUserPermission.reach(person, LEAD))


def register() -> None:
    """Called once the apps are loaded."""
    grantable.register(
        grantable.Grantable(
            model=Study, codename=MEMBER, permission=Permission.MODEL_SEE, word="study", may="see the study's models and bring new ones", find=_find,
            owner=lambda study: study, purposes=("HRESCH", "HQUALIMP"), asks="scientist", most_days=365,
        )
    )  # fmt: skip
    leads = grantable.Owners(_led_by, grantable.holders(Study, LEAD), office=True)
    grantable.register_owners(Study, leads)
