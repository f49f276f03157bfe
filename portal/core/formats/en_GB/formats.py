"""Twenty-four hours, as on a ward."""

TIME_FORMAT = "H:i"
DATE_FORMAT = SHORT_DATE_FORMAT = "j M Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j M Y, H:i"
