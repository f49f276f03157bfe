"""The rhythm model's own code, logged beside its coefficients: beats by their steepness, then one line of logistic regression."""

import json

import numpy
import pandas
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

RATE = 500
NAMES = ("variation", "steps", "jumps")
_ACCOUNT = ("base", *NAMES, *(f"part_{name}" for name in NAMES))
FEWEST = 6
# A beat's energy stands this far above the rest of the tracing, or there is too much noise to count by.
_CONTRAST = 4.0


class Rhythm(PythonModel):
    """How likely an irregular rhythm is, at which rate, and where the beats are; a reason instead where it cannot tell."""

    def load_context(self, context):
        with open(context.artifacts["rhythm"]) as file:
            self.fit = json.load(file)

    def predict(self, context, model_input, params=None):
        return pandas.DataFrame([self._one(numpy.asarray(samples, dtype=float)) for samples in model_input["ecg"]])

    def _one(self, samples):
        peaks, contrast = r_peaks(samples)
        at = (peaks / RATE).round(3).tolist()
        why = "few-beats" if len(peaks) < FEWEST else "noise" if contrast < _CONTRAST else ""
        if why:
            nothing = dict.fromkeys(("probability", "rate", *_ACCOUNT), 0.0)
            return nothing | {"beats": len(peaks), "peaks": at, "abstain": why}
        seen = features(peaks)
        parts = scaled(seen, self.fit) * numpy.array(self.fit["weights"])
        odds = self.fit["bias"] + float(parts.sum())
        # The average tracing of the training data scores the bias; shares are told of a hundred.
        told = dict(zip(_ACCOUNT, (self.fit["bias"], *(100 * seen), *parts), strict=True))
        return {
            "probability": 1 / (1 + numpy.exp(-odds)), "rate": 60 * RATE / numpy.diff(peaks).mean(),
            "beats": len(peaks), "peaks": at, "abstain": "",
        } | told  # fmt: skip


def r_peaks(samples):
    """Places of the R peaks, and how far their energy stands above the rest of the tracing."""
    sharp = sosfiltfilt(butter(2, (5, 20), "bandpass", fs=RATE, output="sos"), samples)
    energy = uniform_filter1d(numpy.gradient(sharp) ** 2, round(0.12 * RATE))
    usual = numpy.percentile(energy, 98)
    found, _ = find_peaks(energy, height=0.3 * usual, distance=round(0.26 * RATE))
    # The filter widens a beat; its peak is where the sharpened tracing is farthest from zero.
    around = round(0.08 * RATE)
    places = [
        low + int(numpy.argmax(numpy.abs(sharp[low : at + around]))) for at in found for low in [max(0, at - around)]
    ]
    peaks = numpy.unique(places)
    contrast = float(numpy.median(energy[found]) / max(numpy.median(energy), 1e-12)) if len(found) else 0.0
    return peaks, contrast


def features(peaks):
    """Of the intervals between beats: their variation, the usual step from one to the next, the share of large steps."""
    gaps = numpy.diff(peaks) / RATE
    steps = numpy.abs(numpy.diff(gaps)) / gaps.mean()
    return numpy.array([gaps.std() / gaps.mean(), numpy.sqrt((steps**2).mean()), (steps > 0.1).mean()])


def scaled(values, fit):
    """Features in standard deviations from their mean in training."""
    return (values - numpy.array(fit["mean"])) / numpy.array(fit["scale"])


set_model(Rhythm())
