"""Which models and versions a right reaches."""

from django.db.models import Exists, OuterRef, Q

from portal.access import policy
from portal.access.permissions import Permission
from portal.records.models import TREAT, CareUnitUserPermission
from portal.registry.models import Arrival, ModelEnvironment, ModelVersion, OwnerTransfer, RegisteredModel
from portal.registry.states import SHOWN_TO_CLINIC, VersionState
from portal.studies.models import MEMBER, StudyUserPermission

_WHY_SEE = "it is your study's, waits for your committee, or is in the formulary of your ward"


def _versions_on_my_wards(by) -> Q:
    scoped = ModelVersion.care_units.through.objects.filter(modelversion_id=OuterRef("pk"))
    mine = scoped.filter(CareUnitUserPermission.reach(by, TREAT, "careunit_id"))
    return Q(state__in=SHOWN_TO_CLINIC) & (~Q(Exists(scoped)) | Q(Exists(mine)))


def _versions_seen(by) -> Q:
    seen = Q(pk__in=())
    if "scientist" in by.role_names:
        seen |= Q(StudyUserPermission.reach(by, MEMBER, "model__study_id"))
    if "reviewer" in by.role_names:
        seen |= ~Q(state=VersionState.DRAFT)
    if "clinician" in by.role_names:
        seen |= _versions_on_my_wards(by)
    return seen


def _models_seen(by) -> Q:
    versions = ModelVersion.objects.filter(_versions_seen(by), model_id=OuterRef("pk"))
    return Q(Exists(versions))


def _own_study(by) -> Q:
    return Q(StudyUserPermission.reach(by, MEMBER, "model__study_id"))


def _study_or_committee(by) -> Q:
    """Scientists reach every version of their studies, reviewers what has been proposed."""
    found = Q(pk__in=())
    if "scientist" in by.role_names:
        found |= _own_study(by)
    if "reviewer" in by.role_names:
        found |= _not_draft(by)
    return found


def _not_draft(by) -> Q:
    return ~Q(state=VersionState.DRAFT)


def _card_of(by) -> Q:
    """Members write the card of a draft; once it is proposed, its author and the committee do."""
    mine = Q(state=VersionState.DRAFT) | Q(created_by=by.pk)
    reached = _own_study(by) & mine if "scientist" in by.role_names else Q(pk__in=())
    return reached | _not_draft(by) if "reviewer" in by.role_names else reached


def _runnable(by) -> Q:
    return _versions_on_my_wards(by)


def _sent(by) -> Q:
    return Q(sent_by_id=by.pk) & Q(StudyUserPermission.reach(by, MEMBER, "study_id"))


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(RegisteredModel, Permission.MODEL_SEE, _models_seen, _WHY_SEE, see=True)
    policy.register(ModelVersion, Permission.MODEL_SEE, _versions_seen, _WHY_SEE, see=True)
    policy.register(ModelVersion, Permission.MODEL_SUBMIT, _own_study, "you are a member of its study")
    policy.register(
        ModelVersion,
        Permission.MODEL_SHAPE,
        _study_or_committee,
        "you are a member of its study or sit on the model committee",
    )
    policy.register(ModelVersion, Permission.MODEL_REVIEW, _not_draft, "you sit on the model committee")
    policy.register(
        ModelVersion, Permission.MODEL_DISCUSS, _study_or_committee, "you bring it, or sit on the model committee"
    )
    policy.register(
        ModelVersion, Permission.CARD_WRITE, _card_of, "you wrote it, work on the draft of your study, or review it"
    )
    policy.register(
        ModelVersion,
        Permission.MODEL_OWN,
        _transferable,
        "you answer for it, are asked to, or sit on the model committee",
    )
    for permission in (Permission.MODEL_PROVE, Permission.MODEL_EVALUATE):
        policy.register(
            ModelVersion, permission, _study_or_committee, "it is your study's, or waits for your committee"
        )
    policy.register(ModelVersion, Permission.MODEL_STOP, _all, "the model committee may stop any version")
    policy.register(ModelVersion, Permission.JOB_WORK, _all, "the portal works on every version")
    policy.register(ModelEnvironment, Permission.JOB_WORK, _all, "the portal puts every environment together")
    policy.register(Arrival, Permission.MODEL_REGISTER, _sent, "you sent it", see=True)
    policy.register(ModelVersion, Permission.PREDICTION_RUN, _runnable, "it is in the formulary of your ward")


def _transferable(by) -> Q:
    asked = OwnerTransfer.objects.filter(to_id=by.pk, answered_at=None, model_id=OuterRef("model_id"))
    found = (Q(model__owner_id=by.pk) | Q(Exists(asked))) & _own_study(by)
    return found | _not_draft(by) if "reviewer" in by.role_names else found


def _all(by) -> Q:
    return Q()
