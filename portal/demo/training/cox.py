"""The recurrence model's own code, logged beside its coefficients: a Cox model needs a page of arithmetic, no pickle."""

import json

import numpy
import pandas
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Cox(PythonModel):
    """Survival at fixed times, its interval from bootstrap draws, and each input's part of the log hazard."""

    def load_context(self, context):
        with open(context.artifacts["cox"]) as file:
            self.fit = json.load(file)
        self.weights = numpy.array(self.fit["weights"])
        self.means = numpy.array(self.fit["means"])
        self.hazard = numpy.array(self.fit["hazard"])
        draws = self.fit["draws"]
        self.drawn = [numpy.array([draw[part] for draw in draws]) for part in ("weights", "means", "hazard")]
        years = [f"survival_{years}y" for years in self.fit["years"]]
        self.names = [*years, *(f"{name}_lower" for name in years), *(f"{name}_upper" for name in years)]
        self.names += ["base", *(f"part_{name}" for name in self.fit["parts"])]

    def predict(self, context, model_input, params=None):
        table = _features(model_input)
        parts = (table - self.means) * self.weights
        alive = numpy.exp(-self.hazard * numpy.exp(parts.sum(axis=1))[:, None])
        weights, means, hazard = self.drawn
        scores = table @ weights.T - (means * weights).sum(axis=1)
        drawn = numpy.exp(-hazard[None] * numpy.exp(scores)[:, :, None])
        low, high = numpy.percentile(drawn, (5, 95), axis=1)
        # The account is of the middle time; features that stand for one input are told together.
        base = numpy.full(len(table), numpy.log(self.hazard[len(self.hazard) // 2]))
        told = [parts[:, places].sum(axis=1) for places in self.fit["parts"].values()]
        return pandas.DataFrame(numpy.column_stack([alive, low, high, base, *told]), columns=self.names)


def _features(given) -> numpy.ndarray:
    grade = given["tgrade"].astype(str)
    return numpy.column_stack([
        given["age"].astype(float), (given["menostat"].astype(str) == "Post").astype(float),
        numpy.log(given["tsize"].astype(float)), (grade == "II").astype(float), (grade == "III").astype(float),
        numpy.log(given["pnodes"].astype(float)), numpy.log1p(given["progrec"].astype(float)),
        numpy.log1p(given["estrec"].astype(float)), (given["horTh"].astype(str) == "yes").astype(float),
    ])  # fmt: skip


set_model(Cox())
