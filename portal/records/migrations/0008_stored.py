from django.db import migrations, models

import portal.core.clock

RESOURCES = ("condition", "encounter", "medicationrequest", "observation")
FIELD = models.DateTimeField(null=True)


class Migration(migrations.Migration):
    """What is in the tables already gets no moment: nobody knows it, and nothing is to be due because of it."""

    dependencies = [("records", "0007_practice")]

    operations = [migrations.AddField(model, "stored_at", FIELD) for model in RESOURCES] + [
        migrations.AlterField(model, "stored_at", models.DateTimeField(null=True, default=portal.core.clock.now))
        for model in RESOURCES
    ]
