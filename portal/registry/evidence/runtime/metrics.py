"""How well answers fit what happened: each metric with its 95 % confidence interval, as (value, low, high).

None stands where a metric is not defined for the rows. Values are as they come; what may be told is telling.py's to decide.
"""

import numpy

_Z = 1.959963984540054
# Of a risk of 0 or 1 there is no logit; nearer than this to either it is taken for this.
_NEAREST = 1e-9
DRAWS, SEED = 400, 20_261_127


def auroc(risk, label):
    """The chance that a row with the outcome has the higher risk, ties counted half.

    Variance by DeLong, DeLong, Clarke-Pearson (1988) through midranks (Sun, Xu 2014); interval on the logit scale. Where
    nothing overlaps that variance is nought: then as in _perfect, over as many pairs as share no row.
    """
    ill, well = risk[label], risk[~label]
    m, n = len(ill), len(well)
    if not m or not n:
        return None
    if (bounded := _perfect(ill.min() > well.max(), ill.max() < well.min(), min(m, n))) is not None:
        return bounded
    all_ranks = _midranks(numpy.concatenate([ill, well]))
    value = float((all_ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    of_ill = (all_ranks[:m] - _midranks(ill)) / n
    of_well = 1 - (all_ranks[m:] - _midranks(well)) / m
    variance = (of_ill.var(ddof=1) / m if m > 1 else 0.0) + (of_well.var(ddof=1) / n if n > 1 else 0.0)
    return _on_logit(value, numpy.sqrt(variance) / max(value * (1 - value), 1e-300))


def auprc(risk, label):
    """Average precision: precision at each risk, weighted by the recall that it adds; ties are taken together.

    Interval on the logit scale with the variance of a share of the rows with the outcome (Boyd, Eng, Page 2013); of
    exactly 1 that of such a share by Clopper and Pearson.
    """
    ill = int(label.sum())
    if not ill:
        return None
    order = numpy.argsort(-risk, kind="stable")
    sorted_risk, hits = risk[order], numpy.cumsum(label[order])
    ends = numpy.append(numpy.flatnonzero(numpy.diff(sorted_risk)), len(risk) - 1)
    recall = hits[ends] / ill
    value = float(numpy.sum(numpy.diff(recall, prepend=0.0) * hits[ends] / (ends + 1)))
    if ill < len(label) and risk[label].min() > risk[~label].max():
        return _perfect(True, False, ill)
    return _on_logit(value, 1 / numpy.sqrt(max(ill * value * (1 - value), 1e-300)))


def brier(risk, label):
    """The mean squared distance of the risk from what happened; interval by the normal law for a mean."""
    return _mean((risk - label) ** 2, 0.0, 1.0)


def slope(risk, label):
    """The slope of a logistic regression of the outcome on the logit of the risk (Cox 1958); 1 is right. Wald interval."""
    fitted = _logistic(numpy.column_stack([numpy.ones(len(risk)), _logit(risk)]), label, numpy.zeros(len(risk)))
    return fitted and fitted[1]


def intercept(risk, label):
    """How far the logit of the risk must be moved for as many outcomes as came (calibration in the large); 0 is right.

    The slope is held at 1. Wald interval.
    """
    fitted = _logistic(numpy.ones((len(risk), 1)), label, _logit(risk))
    return fitted and fitted[0]


def ppv(risk, label, threshold: float):
    """Of those at the threshold or above, the share with the outcome; Wilson's interval (1927)."""
    called = risk >= threshold
    return wilson(int(label[called].sum()), int(called.sum()))


def alerts(risk, threshold: float):
    """Of all rows, the share at the threshold or above; Wilson's interval."""
    return wilson(int((risk >= threshold).sum()), len(risk))


def wilson(count: int, of: int):
    """A share with the interval of Wilson (1927)."""
    if not of:
        return None
    share, square = count / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * numpy.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return share, max(0.0, float(middle - half)), min(1.0, float(middle + half))


def mean_error(value, truth):
    """The mean absolute error; interval by the normal law for a mean."""
    return _mean(numpy.abs(value - truth), 0.0, numpy.inf)


def explained(value, truth):
    """R²: 1 less the squared error as a share of the spread of the truth; percentile interval of a bootstrap, fixed seed."""

    def of(rows):
        spread = ((truth[rows] - truth[rows].mean()) ** 2).sum()
        return 1 - ((truth[rows] - value[rows]) ** 2).sum() / spread if spread else numpy.nan

    whole = float(of(slice(None)))
    if not numpy.isfinite(whole):
        return None
    dice, count = numpy.random.default_rng(SEED), len(truth)
    drawn = [of(dice.integers(0, count, count)) for _ in range(DRAWS)]
    low, high = numpy.nanquantile(drawn, [0.025, 0.975])
    return whole, float(low), float(high)


def concordance(risk, time, happened):
    """Harrell's C: of the pairs of which it is known who had the event first, how often that one had the higher risk.

    Ties of risk count half. Interval by the normal law, variance from what each row adds to the pairs (Hájek projection).
    """
    agreeing, known = numpy.zeros(len(risk)), numpy.zeros(len(risk))
    for place in numpy.flatnonzero(happened):
        later = (time > time[place]) | ((time == time[place]) & ~happened)
        won = later * ((risk[place] > risk) + 0.5 * (risk[place] == risk))
        agreeing += won
        known += later
        agreeing[place] += won.sum()
        known[place] += later.sum()
    pairs = known.sum() / 2
    if not pairs:
        return None
    value = float(agreeing.sum() / 2 / pairs)
    error = float(numpy.sqrt((((agreeing - value * known) / pairs) ** 2).sum()))
    return value, max(0.0, value - _Z * error), min(1.0, value + _Z * error)


def _midranks(values):
    found, place, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    upto = numpy.cumsum(counts)
    return (upto - (counts - 1) / 2)[place]


def _mean(values, least: float, most: float):
    if len(values) < 2:
        return None
    value, error = float(values.mean()), float(values.std(ddof=1) / numpy.sqrt(len(values)))
    return value, max(least, value - _Z * error), min(most, value + _Z * error)


def _perfect(best: bool, worst: bool, trials: int):
    """1 or 0 with the bound of Clopper and Pearson (1934) for a share of which every trial came out alike; None otherwise.

    Of an AUROC the trials are pairs of one row with the outcome and one without, no row in two of them: they are
    independent, and each is won with the chance that the AUROC is. They are counted in tens, downwards: the bound is a little
    wider for it, and does not give away a count that is told in tens only.
    """
    bound = 0.025 ** (1 / (trials // 10 * 10 or trials))
    return (1.0, bound, 1.0) if best else (0.0, 0.0, 1 - bound) if worst else None


def _on_logit(value: float, error: float):
    if not 0 < value < 1:
        # The scale has no place for it, and the variance is nought: the interval would claim to be sure.
        return value, None, None
    middle = numpy.log(value / (1 - value))
    low, high = (1 / (1 + numpy.exp(-(middle + side * _Z * error))) for side in (-1, 1))
    return value, float(low), float(high)


def _logit(risk):
    kept = numpy.clip(risk, _NEAREST, 1 - _NEAREST)
    return numpy.log(kept / (1 - kept))


def _logistic(matrix, label, offset):
    """The coefficients by Newton's method with their Wald intervals; None where they do not exist (one class, separated)."""
    if label.all() or not label.any():
        return None
    found = numpy.zeros(matrix.shape[1])
    for _ in range(60):
        share = 1 / (1 + numpy.exp(-numpy.clip(matrix @ found + offset, -700, 700)))
        weight = share * (1 - share)
        information = (matrix * weight[:, None]).T @ matrix
        if not numpy.isfinite(information).all() or numpy.linalg.cond(information) > 1e12:
            return None
        step = numpy.linalg.solve(information, matrix.T @ (label - share))
        # A long step may overshoot where the risks are extreme.
        found = found + step * min(1.0, 4 / max(numpy.abs(step).max(), 1e-300))
        if numpy.abs(step).max() < 1e-10:
            errors = numpy.sqrt(numpy.diag(numpy.linalg.inv(information)))
            return [(float(b), float(b - _Z * e), float(b + _Z * e)) for b, e in zip(found, errors, strict=True)]
    return None
