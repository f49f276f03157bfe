"""What can be asked for about datasets, and who decides: the owner, about computing without seeing."""

from portal.access import grantable
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.datasets.models import COMPUTE, Dataset


def _find(named: dict) -> Dataset | None:
    text = named.get("name", "").strip()
    found = list(Dataset.objects.filter(title__iexact=text)[:2])
    # Two of one title are told apart by the id in their address.
    return found[0] if len(found) == 1 else Dataset.objects.filter(public_id=text).first()


def _owned_by(person):
    return Dataset.objects.filter(owner_id=person.pk)


def _owner_of(public_id: str):
    return User.objects.filter(pk__in=Dataset.objects.filter(public_id=public_id).values("owner"))


def register() -> None:
    """Called once the apps are loaded."""
    grantable.register(
        grantable.Grantable(
            model=Dataset, codename=COMPUTE, permission=Permission.DATASET_COMPUTE, word="dataset",
            may="compute on the dataset without seeing a row", find=_find, owner=lambda dataset: dataset,
            purposes=("HRESCH", "HQUALIMP"), asks="scientist", most_days=365,
        )
    )  # fmt: skip
    grantable.register_owners(Dataset, grantable.Owners(_owned_by, _owner_of))
