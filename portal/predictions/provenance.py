"""Which resources a prediction used: kept when it is accepted, found again when one of them is corrected."""

from portal.predictions.models import Prediction, Use


def keep(prediction: Prediction) -> None:
    """Write down the resources behind the values that came from the record; one query however many there are."""
    used = {item["index"]: item["digest"] for item in prediction.inputs.get("used", ())}
    if used:
        Use.objects.bulk_create(Use(prediction=prediction, source_index=i, digest=d) for i, d in used.items())
    prediction.corrections = []
