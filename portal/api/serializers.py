"""What the API shows and takes; plain values in, plain values out."""

from rest_framework import serializers


class ModelSerializer(serializers.Serializer):
    """A model of the formulary."""

    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    study = serializers.CharField(source="study.slug")


class VersionSerializer(serializers.Serializer):
    """One version of a model."""

    id = serializers.CharField(source="public_id")
    model = serializers.CharField(source="model.slug")
    version = serializers.IntegerField(source="number")
    state = serializers.CharField()
    digest = serializers.CharField()
    engine = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField()
    expires_on = serializers.DateField()
    stopped_at = serializers.DateTimeField()
    stop_reason = serializers.CharField()


class PatientSerializer(serializers.Serializer):
    """Who a patient is."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    birth_date = serializers.CharField()
    age = serializers.IntegerField(allow_null=True)
    sex = serializers.CharField()
    mrn = serializers.CharField()
    ward = serializers.CharField()


class OnePatientSerializer(PatientSerializer):
    """Who a patient is, whether the record is in use, and which one goes on where it was merged and one may see that."""

    standing = serializers.ChoiceField(("current", "inactive", "merged", "removed"))
    merged_into = serializers.CharField(allow_blank=True)


class PredictionSerializer(serializers.Serializer):
    """One run of a model and what came of it."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(("pending", "running", "succeeded", "failed", "refused", "cancelled"))
    reason = serializers.CharField()
    sentence = serializers.CharField()
    output = serializers.JSONField(allow_null=True)
    envelope = serializers.JSONField(allow_null=True)
    model = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()
    patient = serializers.CharField(source="patient.public_id", default=None, allow_null=True)
    job = serializers.CharField()
    banner = serializers.CharField()
    retracted_at = serializers.DateTimeField(allow_null=True)
    corrections = serializers.JSONField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()
    stale_at = serializers.DateTimeField(allow_null=True)


class PredictionRequestSerializer(serializers.Serializer):
    """What to run: a model, for a patient or for typed values alone."""

    model = serializers.CharField(max_length=80)
    version = serializers.IntegerField(allow_null=True, required=False, min_value=1)
    patient = serializers.CharField(allow_null=True, required=False, max_length=80)
    inputs = serializers.DictField(required=False)
    units = serializers.DictField(child=serializers.CharField(), required=False)


class FeedbackSerializer(serializers.Serializer):
    """What one thinks of a result; whoever does not agree gives a coded reason."""

    verdict = serializers.CharField(max_length=14)
    code = serializers.CharField(max_length=20, required=False)
    words = serializers.CharField(max_length=2000, required=False)


class RetractionSerializer(serializers.Serializer):
    """Why a result must not be used."""

    code = serializers.CharField(max_length=14)
    words = serializers.CharField(max_length=2000, required=False)


class JobSerializer(serializers.Serializer):
    """Where a job is."""

    id = serializers.CharField(source="public_id")
    kind = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    sentence = serializers.CharField()
    fault = serializers.CharField(help_text="yours, ours or model; empty where nothing failed")
    attempt = serializers.IntegerField()
    subject = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class OneJobSerializer(JobSerializer):
    """One job, with when it will probably start and end; null where too little is known."""

    ahead = serializers.IntegerField()
    starts = serializers.DateTimeField(allow_null=True)
    ends = serializers.DateTimeField(allow_null=True)


class EventSerializer(serializers.Serializer):
    """One event of the ledger."""

    id = serializers.CharField(source="public_id")
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    roles = serializers.CharField()
    verb = serializers.CharField()
    sentence = serializers.CharField()
    outcome = serializers.CharField()
    why = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    patient = serializers.CharField()
    purpose = serializers.CharField()
    detail = serializers.JSONField()


class DatasetSerializer(serializers.Serializer):
    """A dataset and what one may do with it."""

    id = serializers.CharField(source="dataset.public_id")
    title = serializers.CharField(source="dataset.title")
    study = serializers.CharField(source="dataset.study.slug")
    classification = serializers.CharField(source="dataset.classification")
    owner = serializers.CharField(source="dataset.owner.label")
    created_at = serializers.DateTimeField(source="dataset.created_at")
    may_compute = serializers.BooleanField(source="rights.compute")
    may_read_rows = serializers.BooleanField(source="rights.rows")


class DatasetVersionSerializer(serializers.Serializer):
    """A version; `rows` is null below eleven, `digest` empty and `profile` null for those who may not see them."""

    id = serializers.CharField(source="public_id")
    version = serializers.IntegerField(source="number")
    state = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    digest = serializers.CharField()
    columns = serializers.JSONField()
    uploaded_at = serializers.DateTimeField()


class DatasetDetailSerializer(DatasetSerializer):
    """A dataset with its versions."""

    description = serializers.CharField(source="dataset.description")
    versions = DatasetVersionSerializer(many=True)


class RowSerializer(serializers.Serializer):
    """One row of a dataset's version."""

    row = serializers.IntegerField()
    values = serializers.JSONField()


class SummaryRequestSerializer(serializers.Serializer):
    """What to compute: counts by up to two columns, or the mean of a number by one, over rows that meet conditions."""

    by = serializers.ListField(child=serializers.CharField(), required=False)
    of = serializers.CharField(allow_null=True, required=False)
    where = serializers.ListField(child=serializers.DictField(), required=False)


class SummarySerializer(serializers.Serializer):
    """A summary; what is withheld is “–” in its table."""

    id = serializers.CharField(source="public_id")
    state = serializers.CharField()
    sentence = serializers.CharField()
    title = serializers.CharField()
    spec = serializers.JSONField()
    total = serializers.IntegerField(allow_null=True)
    header = serializers.ListField(child=serializers.CharField())
    table = serializers.JSONField()
    asked_at = serializers.DateTimeField()


class QuotaSerializer(serializers.Serializer):
    """How much of something one may use a day, and how much is taken."""

    id = serializers.CharField()
    resource = serializers.CharField()
    daily_limit = serializers.IntegerField()
    taken_today = serializers.IntegerField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(required=False)
    errors = serializers.DictField(child=serializers.CharField(), required=False)
    link = serializers.URLField(required=False)


def page_of(serializer) -> type[serializers.Serializer]:
    """The shape of a list's answer."""
    name = serializer.__name__.replace("Serializer", "Page")
    fields = {"results": serializer(many=True), "next": serializers.URLField(allow_null=True)}
    return type(name, (serializers.Serializer,), fields)
