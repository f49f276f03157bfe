"""Which datasets a right reaches: reading rows implies computing, computing implies knowing; never the other way."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.datasets.models import COMPUTE, KNOW, READ, Dataset, DatasetUserPermission, DatasetVersion, Summary
from portal.studies.models import MEMBER, Study, StudyUserPermission


def _holds(by, codenames: tuple[str, ...], path: str) -> Q:
    through = f"{path}pk" if not path else path.removesuffix("__") + "_id"
    found = Q()
    for codename in codenames:
        found |= Q(DatasetUserPermission.reach(by, codename, through))
    return found


def known(by, path: str = "") -> Q:
    """Those one holds any right to, and those of one's studies."""
    if by is actors.SYSTEM:
        return Q()
    study = f"{path}study_id"
    return _holds(by, (KNOW, COMPUTE, READ), path) | Q(StudyUserPermission.reach(by, MEMBER, study))


def computed_on(by, path: str = "") -> Q:
    """Those one may compute on."""
    return Q() if by is actors.SYSTEM else _holds(by, (COMPUTE, READ), path)


def _read(by, path: str = "") -> Q:
    return _holds(by, (READ,), path)


def _owned(by, path: str = "") -> Q:
    return Q(**{f"{path}owner_id": by.pk})


def _own_summary(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(asked_by_id=by.pk) & _holds(by, (COMPUTE, READ), "version__dataset__")


def _of_version(rule):
    return lambda by: rule(by, "dataset__")


def _member(by) -> Q:
    return Q(StudyUserPermission.reach(by, MEMBER))


def register() -> None:
    """Called once the apps are loaded."""
    words = {
        Permission.DATASET_SEE: (known, "you belong to its study, or its owner gave you a right to it"),
        Permission.DATASET_COMPUTE: (computed_on, "its owner let you compute on it"),
        Permission.DATASET_ROWS: (_read, "its owner let you read its rows"),
        Permission.DATASET_OWN: (_owned, "it is your own dataset"),
    }
    for permission, (rule, why) in words.items():
        see = permission == Permission.DATASET_SEE
        policy.register(Dataset, permission, rule, why, see=see)
        policy.register(DatasetVersion, permission, _of_version(rule), why, see=see)
    policy.register(Study, Permission.DATASET_UPLOAD, _member, "you are a member of the study")
    policy.register(Summary, Permission.DATASET_COMPUTE, _own_summary, "you asked for it and may still compute on the dataset", see=True)  # fmt: skip
