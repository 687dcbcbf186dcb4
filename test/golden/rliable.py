"""Golden values of statistics over seeds: rliable's own interquartile mean, probability of improvement and stratified
bootstrap, and effect sizes of paired scores by way of scipy's paired t test.

    pip install rliable==1.2.0 arch==7.2.0 scipy==1.17.1 numpy==2.4.6 pandas==2.3.3
    python rliable.py > rliable.json
"""
import json
import re
import sys
from importlib.metadata import version

sys.path.pop(0)  # this folder, where this file would stand for the package

import numpy as np
import scipy.special
import scipy.stats
from rliable import library, metrics

REPETITIONS = 50_000  # rliable's default
SCIPY = f"scipy {version('scipy')}"
RLIABLE = f"rliable {version('rliable')} on {SCIPY} and arch {version('arch')}"
random = np.random.default_rng(20261104)

# accuracies with two digits, so that some are equal: 8 runs of one algorithm and 6 of the other, on three tasks
X = np.round(np.clip([0.74, 0.55, 0.9] + 0.08 * random.standard_normal((8, 3)), 0, 1), 2)
Y = np.round(np.clip([0.7, 0.57, 0.8] + 0.1 * random.standard_normal((6, 3)), 0, 1), 2)


def entry(source, inputs, outputs):
    plain = lambda part: {name: v.tolist() if isinstance(v, (np.ndarray, np.generic)) else v for name, v in part.items()}
    return {"source": source, "inputs": plain(inputs), "outputs": plain(outputs)}


def interquartile_means():
    samples = [np.round(random.standard_normal(n), 3) for n in range(1, 14)]
    return entry(f"{RLIABLE}: metrics.aggregate_iqm", {"samples": [sample.tolist() for sample in samples]},
                 {"means": [float(metrics.aggregate_iqm(sample[:, None])) for sample in samples]})


def probabilities():
    return entry(f"{RLIABLE}: metrics.probability_of_improvement", {"x": X.T, "y": Y.T}, {
        "of_each_task": [float(metrics.probability_of_improvement(X[:, [task]], Y[:, [task]])) for task in range(3)],
        "of_all_tasks": metrics.probability_of_improvement(X, Y)})


def interval(scores, statistic):
    np.random.seed(7)  # rliable draws from numpy's global stream
    _, ends = library.get_interval_estimates({"": scores}, lambda *some: np.array([statistic(*some)]), reps=REPETITIONS)
    return ends[""][:, 0].tolist()


def quick_probability(x, y):
    """metrics.probability_of_improvement, whose p values take minutes of a bootstrap."""
    x, y = x[:, None], y[None]
    return np.mean((x > y) + 0.5 * (x == y))


def intervals():
    """Of the tasks together, and of the first alone."""
    assert np.isclose(quick_probability(X, Y), metrics.probability_of_improvement(X, Y), rtol=0, atol=1e-15)
    return entry(f"{RLIABLE}: library.get_interval_estimates, reps={REPETITIONS}; probabilities by quick_probability of rliable.py", {"x": X.T, "y": Y.T}, {
        "iqm_of_all_tasks": interval(X, metrics.aggregate_iqm),
        "iqm": interval(X[:, [0]], metrics.aggregate_iqm),
        "mean": interval(X[:, [0]], metrics.aggregate_mean),
        "probability_of_all_tasks": interval([X, Y], quick_probability),
        "probability": interval([X[:, [0]], Y[:, [0]]], quick_probability)})


def effect_sizes():
    """t/√n of the paired t test, and the same without bias: times Γ(m/2) / (√(m/2) Γ((m−1)/2)), m = n − 1."""
    pairs = [np.round(np.array([0.7, 0.6])[:, None] + 0.1 * random.standard_normal((2, n)), 3) for n in (3, 5, 10, 30)]
    d = [float(scipy.stats.ttest_rel(x, y).statistic) / np.sqrt(len(x)) for x, y in pairs]
    gamma = scipy.special.gamma
    exact = [gamma(m / 2) / (np.sqrt(m / 2) * gamma((m - 1) / 2)) for m in (len(x) - 1 for x, _ in pairs)]
    return entry(f"{SCIPY}: stats.ttest_rel, special.gamma", {"pairs": [pair.tolist() for pair in pairs]},
                 {"d": d, "unbiased": [float(a * b) for a, b in zip(d, exact)]})


text = json.dumps({
    "interquartile_means": interquartile_means(), "probabilities": probabilities(), "intervals": intervals(),
    "effect_sizes": effect_sizes(),
}, indent=1)
# a row of numbers is one line
print(re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda row: "[" + re.sub(r"\s+", " ", row[1]) + "]", text))
