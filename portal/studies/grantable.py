"""What can be asked for and given about studies, and who decides."""

from portal.access import grants
from portal.access.models import Purpose
from portal.studies.models import MEMBER, OWN, Study, StudyUserPermission


def _find(named: dict) -> Study | None:
    text = named.get("name", "").strip()
    return Study.objects.filter(slug=text.casefold()).first() or Study.objects.filter(title__iexact=text).first()


def _owned_by(person):
    return Study.objects.filter(StudyUserPermission.reach(person, OWN))


def register() -> None:
    """Called once the apps are loaded."""
    grants.register(
        grants.Grantable(
            model=Study, right=MEMBER, word="study", may="see the study's models and bring new ones", find=_find,
            owner=lambda study: study, name=lambda study: study.title, purposes=(Purpose.HRESCH, Purpose.HQUALIMP),
            asks=("scientist",), most_days=365,
        )
    )  # fmt: skip
    grants.register_owners(Study, OWN, _owned_by)
    grants.word(OWN, "decide whom else to let in")
