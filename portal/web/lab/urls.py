"""Addresses of the scientists' door."""

from django.urls import path

from portal.web.lab import (
    approval_paper,
    calibration,
    dataset_rights,
    datasets,
    owner,
    proposing,
    review,
    studio,
    summaries,
    views,
)

app_name = "lab"
urlpatterns = [
    path("", views.models, name="models"),
    path("models/<slug:model>/", views.model, name="model"),
    path("versions/<pid:version>/", views.version, name="version"),
    path("versions/<pid:version>/calibration/", calibration.calibration, name="calibration"),
    path("versions/<pid:version>/form/", studio.form, name="form"),
    path("versions/<pid:version>/form/edit/", studio.form_studio, name="form-studio"),
    path("versions/<pid:version>/form/preview/", studio.form_preview, name="form-preview"),
    path("versions/<pid:version>/form/back/", studio.form_back, name="form-back"),
    path("versions/<pid:version>/review/", review.review, name="review"),
    path("versions/<pid:version>/review/checklist/", review.answer, name="checklist"),
    path("versions/<pid:version>/review/comment/", review.comment, name="comment"),
    path("versions/<pid:version>/submit/", proposing.submit, name="submit"),
    path("versions/<pid:version>/wards/", proposing.narrow, name="narrow"),
    path("versions/<pid:version>/owner/", owner.owner, name="owner"),
    path("versions/<pid:version>/approval/", approval_paper.approval_paper, name="approval-paper"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/new/", datasets.dataset_new, name="dataset-new"),
    path("datasets/<pid:dataset>/", datasets.dataset, name="dataset"),
    path("datasets/<pid:dataset>/upload/", datasets.dataset_upload, name="dataset-upload"),
    path("datasets/<pid:dataset>/rights/", dataset_rights.dataset_rights, name="dataset-rights"),
    path("datasets/<pid:dataset>/rights/<pid:right>/end/", dataset_rights.dataset_right_end, name="dataset-right-end"),
    path("datasets/versions/<pid:table>/", datasets.dataset_version, name="dataset-version"),
    path("datasets/versions/<pid:table>/status/", datasets.dataset_version_status, name="dataset-version-status"),
    path("datasets/versions/<pid:table>/columns/", datasets.dataset_columns, name="dataset-columns"),
    path("datasets/versions/<pid:table>/remove/", datasets.dataset_remove, name="dataset-remove"),
    path("datasets/versions/<pid:table>/rows/", datasets.dataset_rows, name="dataset-rows"),
    path("datasets/versions/<pid:table>/file/", datasets.dataset_file, name="dataset-file"),
    path("datasets/versions/<pid:table>/summaries/", summaries.dataset_summaries, name="dataset-summaries"),
    path("datasets/summaries/<pid:summary>/", summaries.summary, name="summary"),
    path("datasets/summaries/<pid:summary>/status/", summaries.summary_status, name="summary-status"),
]
