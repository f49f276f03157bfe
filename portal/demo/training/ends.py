"""The last step of an additive graph: from the scores, one column a draw and the fit itself first, to what it answers."""

# Of the draws, these ends: nine of ten lie between.
LOW, HIGH = 0.05, 0.95


def constant(name: str, value, whole: bool = False):
    """A constant of the graph."""
    import numpy
    from onnx import numpy_helper

    return numpy_helper.from_array(numpy.asarray(value, dtype=numpy.int64 if whole else numpy.float64), name)


def risk(fit, nodes: list, weights: list) -> None:
    """A probability through the logistic function, its interval from the draws."""
    from onnx import helper as h

    nodes.append(h.make_node("Sigmoid", ["scores"], ["risks"]))
    _places(fit, weights)
    _told("risks", fit.answers, nodes)


def value(spread: tuple[float, float]):
    """The score as it is, its interval by `spread`, two quantiles of the residuals."""

    def end(fit, nodes: list, weights: list) -> None:
        from onnx import helper as h

        answer, lower, upper = fit.answers
        weights += [constant("below", [[spread[0]]]), constant("above", [[spread[1]]])]
        nodes += [
            h.make_node("Gather", ["scores", "first"], [answer], axis=1),
            h.make_node("Add", [answer, "below"], [lower]),
            h.make_node("Add", [answer, "above"], [upper]),
        ]

    return end


def grades(gaps):
    """Three grades on one score (proportional odds): at least the first, and `gaps` (one a draw) further on the second.

    Answers the three shares with their intervals and, last, the share of at least the first grade.
    """

    def end(fit, nodes: list, weights: list) -> None:
        from onnx import helper as h

        weights += [constant("gaps", [list(gaps)]), constant("whole", [[1.0]])]
        nodes += [
            h.make_node("Sigmoid", ["scores"], ["at_least_1"]),
            h.make_node("Sub", ["scores", "gaps"], ["further"]),
            h.make_node("Sigmoid", ["further"], ["at_least_2"]),
            h.make_node("Sub", ["whole", "at_least_1"], ["grade_0"]),
            h.make_node("Sub", ["at_least_1", "at_least_2"], ["grade_1"]),
            h.make_node("Identity", ["at_least_2"], ["grade_2"]),
            h.make_node("Gather", ["at_least_1", "first"], [fit.answers[-1]], axis=1),
        ]
        _places(fit, weights)
        for grade in range(3):
            _told(f"grade_{grade}", fit.answers[3 * grade : 3 * grade + 3], nodes)

    return end


def _places(fit, weights: list) -> None:
    draws = len(fit.weights) - 1
    places = {"count": [draws], "low_place": [int(LOW * draws)], "high_place": [int(HIGH * draws) - 1]}
    weights += [constant(name, place, whole=True) for name, place in places.items()]
    weights.append(constant("others", range(1, draws + 1), whole=True))


def _told(shares: str, answers: tuple[str, ...], nodes: list) -> None:
    """The fit's own share, and the ends of nine of ten draws."""
    from onnx import helper as h

    answer, lower, upper = answers
    nodes += [
        h.make_node("Gather", [shares, "first"], [answer], axis=1),
        h.make_node("Gather", [shares, "others"], [f"{shares}_drawn"], axis=1),
        h.make_node("TopK", [f"{shares}_drawn", "count"], [f"{shares}_sorted", f"{shares}_order"], axis=1, largest=0),
        h.make_node("Gather", [f"{shares}_sorted", "low_place"], [lower], axis=1),
        h.make_node("Gather", [f"{shares}_sorted", "high_place"], [upper], axis=1),
    ]
