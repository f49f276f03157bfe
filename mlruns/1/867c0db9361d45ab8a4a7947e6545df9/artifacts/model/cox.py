"""The recurrence model's own code, logged beside its coefficients: a Cox model needs a page of arithmetic, no pickle."""

import json

import numpy
import pandas
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Cox(PythonModel):
    """Survival at fixed times with an interval from bootstrap draws of coefficients and baseline."""

    def load_context(self, context):
        with open(context.artifacts["cox"]) as file:
            self.fit = json.load(file)

    def predict(self, context, model_input, params=None):
        table = _features(model_input)
        columns = {}
        for place, years in enumerate(self.fit["years"]):
            draws = numpy.array([_survival(table, draw, place) for draw in self.fit["draws"]])
            columns[f"survival_{years}y"] = _survival(table, self.fit, place)
            columns[f"survival_{years}y_lower"] = numpy.percentile(draws, 5, axis=0)
            columns[f"survival_{years}y_upper"] = numpy.percentile(draws, 95, axis=0)
        return pandas.DataFrame(columns)


def _features(given) -> numpy.ndarray:
    grade = given["tgrade"].astype(str)
    return numpy.column_stack([
        given["age"].astype(float), (given["menostat"].astype(str) == "Post").astype(float),
        numpy.log(given["tsize"].astype(float)), (grade == "II").astype(float), (grade == "III").astype(float),
        numpy.log(given["pnodes"].astype(float)), numpy.log1p(given["progrec"].astype(float)),
        numpy.log1p(given["estrec"].astype(float)), (given["horTh"].astype(str) == "yes").astype(float),
    ])  # fmt: skip


def _survival(table: numpy.ndarray, fit: dict, place: int) -> numpy.ndarray:
    score = (table - numpy.array(fit["means"])) @ numpy.array(fit["weights"])
    return numpy.exp(-fit["hazard"][place] * numpy.exp(score))


set_model(Cox())
