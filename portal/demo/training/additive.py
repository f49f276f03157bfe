"""One ONNX graph for models whose score is a sum: it fills gaps, scores the fit and its bootstrap draws, and gives
each input's part of the sum beside the answer. All in double precision, so that the parts add up to the answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.demo.training import ends
from portal.demo.training.ends import constant

# How a gap in a word is filled, as a sentence ends that begins with “instead the model used”.
NEUTRAL = "the average of its answers, which moves the answer neither way"


@dataclass
class Fit:
    """What was fitted: `weights` has one row a draw, the fit itself first; columns are numbers, words' answers, bias."""

    numbers: tuple[str, ...]
    median: object
    mean: object
    scale: object
    weights: object
    words: dict[str, list[str]] = field(default_factory=dict)
    # How often each answer of a word was given: what stands in where none is known, so that a gap moves nothing.
    shares: dict[str, list[float]] = field(default_factory=dict)
    # Numbers whose logarithm is what counts.
    logs: tuple[str, ...] = ()
    # What the graph answers beside base and contributions.
    answers: tuple[str, ...] = ("probability", "lower", "upper")

    def places(self, name: str) -> slice:
        """Where the answers of one word stand among the weights."""
        first = len(self.numbers)
        for word, answers in self.words.items():
            if word == name:
                return slice(first, first + len(answers))
            first += len(answers)
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs in the order of their contributions."""
        return (*self.numbers, *self.words)

    def average(self, name: str):
        """What the answers of one word give on average, in each draw."""
        import numpy

        return self.weights[:, self.places(name)] @ numpy.array(self.shares[name])

    @property
    def base(self) -> float:
        """The score of the average patient: what contributions start from."""
        return float(self.weights[0, -1] + sum(self.average(name)[0] for name in self.words))


def design(fit_of: "Fit", table):
    """The matrix that is multiplied with the weights, from a pandas table; without the bias."""
    import numpy

    numbers = _logged(table[list(fit_of.numbers)].to_numpy(dtype=float), fit_of.numbers, fit_of.logs)
    filled = numpy.where(numpy.isnan(numbers), fit_of.median, numbers)
    parts = [(filled - fit_of.mean) / fit_of.scale]
    for name, answers in fit_of.words.items():
        rows = {answer: numpy.eye(len(answers))[place] for place, answer in enumerate(answers)}
        usual = numpy.array(fit_of.shares[name])
        parts.append(numpy.array([rows.get(value, usual) for value in table[name]]))
    return numpy.hstack(parts)


def _logged(numbers, names, logs):
    import numpy

    return numpy.where([name in logs for name in names], numpy.log(numbers), numbers) if logs else numbers


def prepare(table, numbers, words=(), logs=()) -> Fit:
    """A fit without weights: how gaps are filled and numbers scaled, which answers each word has; an empty text is a gap."""
    import numpy

    raw = table[list(numbers)].to_numpy(dtype=float)
    # Rounded as it is told to people, so that what is told is what is used.
    median = numpy.array([float(f"{value:.3g}") for value in numpy.nanmedian(raw, axis=0)])
    raw, median = (_logged(values, numbers, logs) for values in (raw, median))
    filled = numpy.where(numpy.isnan(raw), median, raw)
    given = {name: [value for value in table[name] if value] for name in words}
    answers = {name: sorted(set(values)) for name, values in given.items()}
    shares = {
        name: [given[name].count(answer) / len(given[name]) for answer in found] for name, found in answers.items()
    }
    scale = filled.std(axis=0)
    return Fit(tuple(numbers), median, filled.mean(axis=0), scale, None, answers, shares, tuple(logs))


def settle(fit: Fit, weights) -> Fit:
    """Put the weights in."""
    fit.weights = weights
    return fit


def draw(matrix, labels, *, draws: int, seed: int, strength: float = 1.0):
    """The weights of a logistic regression and of its bootstrap draws, one row each, the bias last."""
    import numpy
    from sklearn.linear_model import LogisticRegression

    dice, count = numpy.random.default_rng(seed), len(labels)
    samples = [numpy.arange(count), *(dice.integers(0, count, count) for _ in range(draws))]
    fits = [LogisticRegression(max_iter=500, C=strength).fit(matrix[rows], labels[rows]) for rows in samples]
    return numpy.array([[*fit.coef_[0], fit.intercept_[0]] for fit in fits])


def contributions(fit: Fit, matrix):
    """Each input's part of the score in each row."""
    import numpy

    count = len(fit.numbers)
    parts = [matrix[:, :count] * fit.weights[0, :count]]
    parts += [
        (matrix[:, fit.places(name)] @ fit.weights[0, fit.places(name)] - fit.average(name)[0])[:, None]
        for name in fit.words
    ]
    return numpy.hstack(parts)


def graph(name: str, fit: Fit, end: Callable[[Fit, list, list], None] = ends.risk):
    """The graph; `end` makes the answers of the scores."""
    import onnx
    from onnx import TensorProto as T
    from onnx import helper as h

    nodes, weights = [], []
    _score(fit, nodes, weights)
    _parts(fit, nodes, weights)
    end(fit, nodes, weights)
    inputs = [h.make_tensor_value_info(given, T.DOUBLE, [None, 1]) for given in fit.numbers]
    inputs += [h.make_tensor_value_info(given, T.STRING, [None, 1]) for given in fit.words]
    outputs = [h.make_tensor_value_info(given, T.DOUBLE, [None, 1]) for given in (*fit.answers, "base")]
    outputs.append(h.make_tensor_value_info("contribution", T.DOUBLE, [None, len(fit.names)]))
    made = h.make_graph(nodes, name, inputs, outputs, weights)
    opsets = [h.make_opsetid("", 17), h.make_opsetid("ai.onnx.ml", 3)]
    model = h.make_model(made, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    return model


def _score(fit: Fit, nodes: list, weights: list) -> None:
    """`scores`: one column a draw, before the link."""
    from onnx import helper as h

    count = len(fit.numbers)
    weights += [
        constant("median", fit.median[None, :]), constant("mean", fit.mean[None, :]), constant("scale", fit.scale[None, :]),
        constant("weights", fit.weights[:, :count].T), constant("bias", fit.weights[:, -1][None, :]),
    ]  # fmt: skip
    nodes += [
        *(h.make_node("Log", [name], [f"{name}_log"]) for name in fit.logs),
        h.make_node("Concat", [f"{name}_log" if name in fit.logs else name for name in fit.numbers], ["raw"], axis=1),
        h.make_node("IsNaN", ["raw"], ["gone"]),
        h.make_node("Where", ["gone", "median", "raw"], ["full"]),
        h.make_node("Sub", ["full", "mean"], ["centred"]),
        h.make_node("Div", ["centred", "scale"], ["scaled"]),
        h.make_node("MatMul", ["scaled", "weights"], ["product"]),
        h.make_node("Add", ["product", "bias"], ["scores_0"]),
    ]
    for place, (name, answers) in enumerate(fit.words.items()):
        # What is not known has the row of what the answers give on average: it moves the score neither way.
        table = [*fit.weights[:, fit.places(name)].T.tolist(), fit.average(name).tolist()]
        weights.append(constant(f"{name}_table", table))
        nodes += [
            h.make_node("LabelEncoder", [name], [f"{name}_row"], domain="ai.onnx.ml", keys_strings=answers,
                        values_int64s=list(range(len(answers))), default_int64=len(answers)),
            h.make_node("Gather", [f"{name}_table", f"{name}_row"], [f"{name}_deep"], axis=0),
            h.make_node("Flatten", [f"{name}_deep"], [f"{name}_scores"], axis=2),
            h.make_node("Add", [f"scores_{place}", f"{name}_scores"], [f"scores_{place + 1}"]),
        ]  # fmt: skip
    nodes.append(h.make_node("Identity", [f"scores_{len(fit.words)}"], ["scores"]))


def _parts(fit: Fit, nodes: list, weights: list) -> None:
    """`contribution`: each input's part, from the average patient; `base`: the average patient's score."""
    from onnx import helper as h

    count = len(fit.numbers)
    weights += [constant("own", fit.weights[:1, :count]), constant("nothing", [[0.0]]), constant("start", [[fit.base]]),
                constant("first", [0], whole=True)]  # fmt: skip
    nodes += [
        h.make_node("Mul", ["scaled", "own"], ["parts"]),
        h.make_node("Gather", ["scaled", "first"], ["one_input"], axis=1),
        h.make_node("Mul", ["one_input", "nothing"], ["no_part"]),
        h.make_node("Add", ["no_part", "start"], ["base"]),
    ]
    for name in fit.words:
        own = fit.weights[0, fit.places(name)] - fit.average(name)[0]
        weights.append(constant(f"{name}_own", [*([value] for value in own.tolist()), [0.0]]))
        nodes += [
            h.make_node("Gather", [f"{name}_own", f"{name}_row"], [f"{name}_held"], axis=0),
            h.make_node("Flatten", [f"{name}_held"], [f"{name}_part"], axis=2),
        ]
    nodes.append(h.make_node("Concat", ["parts", *(f"{name}_part" for name in fit.words)], ["contribution"], axis=1))


def signature(fit: Fit, optional: set[str] | frozenset[str]):
    """The MLflow signature of the graph."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = [ColSpec("double", name, required=name not in optional) for name in fit.numbers]
    inputs += [ColSpec("string", name, required=name not in optional) for name in fit.words]
    columns = [*fit.answers, "base", *(f"contribution[{place}]" for place in range(len(fit.names)))]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("double", name) for name in columns]))


def save(made, fit: Fit, folder, optional=frozenset()) -> None:
    """Write the MLflow folder of a graph."""
    import mlflow.onnx

    from portal.demo.training import common

    requirements = common.pinned("onnxruntime", "numpy")
    mlflow.onnx.save_model(made, str(folder), signature=signature(fit, optional), pip_requirements=requirements)


def described(fit: Fit, link: str, **words) -> dict:
    """The overlay's part on contributions."""
    columns = {name: f"contribution[{place}]" for place, name in enumerate(fit.names)}
    return {"link": link, "base": "base", "columns": columns, **words}


def notes(fit: Fit, matrix, optional=frozenset()) -> dict[str, dict]:
    """For each input its share of what moves the score, and for the optional ones how a gap is filled."""
    spread = contributions(fit, matrix).std(axis=0)
    shares = [round(float(value), 4) for value in spread / spread.sum()]
    found = {name: {"weight": share} for name, share in zip(fit.names, shares, strict=True)}
    for name in optional:
        if name in fit.numbers:
            value = float(fit.median[fit.numbers.index(name)])
            found[name]["imputed"] = {
                "method": "median",
                "value": round(math.exp(value), 6) if name in fit.logs else value,
            }
        else:
            found[name]["imputed"] = {"method": NEUTRAL}
    return found
