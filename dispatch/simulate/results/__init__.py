"""What the replications of a scenario say: measures, intervals, differences."""

from dispatch.simulate.results.estimates import (
    Estimate,
    difference,
    estimate,
    replications_for,
    variance_ratio,
)
from dispatch.simulate.results.experiment import Result, run_scenario

__all__ = [
    "Estimate",
    "Result",
    "difference",
    "estimate",
    "replications_for",
    "run_scenario",
    "variance_ratio",
]
