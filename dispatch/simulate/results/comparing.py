"""Scenarios against the first of them: paired differences, and what cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dispatch.errors import BadInput
from dispatch.simulate.results.estimates import Estimate, difference, estimate
from dispatch.simulate.results.experiment import Result
from dispatch.simulate.results.figures import Figure, figures


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of one scenario less that of the first, with its interval."""

    scenario: str
    figure: Figure
    base: Estimate
    value: Estimate
    difference: Estimate

    @property
    def verdict(self) -> str:
        """`better`, `worse`, `different` where neither way is good, or `not distinguishable`."""
        if not self.difference.apart_from_zero:
            return "not distinguishable"
        if self.figure.better == "neither":
            return "different"
        return "better" if (self.difference.mean > 0.0) == (self.figure.better == "more") else "worse"


def compare(results: Sequence[Result]) -> tuple[Difference, ...]:
    """Every figure of every scenario against the first, replication by replication.

    Scenarios with different numbers of replications are compared over those both have.

    Raises
    ------
    BadInput
        Fewer than two scenarios, or they do not play the same tapes (another seed or other thresholds).
    """
    if len(results) < 2:
        raise BadInput(f"{len(results)} result given; comparing takes two or more")
    base, *others = results
    for one in others:
        if one.seed != base.seed:
            raise BadInput(
                f"{one.name} was drawn with seed {one.seed}, {base.name} with {base.seed}: only the same tapes can be "
                "compared pair by pair; give both the same [run] seed"
            )
        if one.thresholds != base.thresholds:
            raise BadInput(
                f"{one.name} and {base.name} count within {one.thresholds} and {base.thresholds} minutes"
            )
    found = []
    for one in others:
        count = min(one.replications, base.replications)
        for figure in figures(base.thresholds):
            ours, theirs = figure.values(one)[:count], figure.values(base)[:count]
            found.append(
                Difference(one.name, figure, estimate(theirs), estimate(ours), difference(ours, theirs))
            )
    return tuple(found)


def table(differences: Sequence[Difference]) -> pd.DataFrame:
    """One row a scenario and figure."""
    return pd.DataFrame(
        [
            {
                "scenario": one.scenario,
                "figure": one.figure.key,
                "zh": one.figure.zh,
                "en": one.figure.en,
                "unit": one.figure.unit,
                "of": one.figure.of[1],
                "base": one.base.mean,
                "value": one.value.mean,
                "difference": one.difference.mean,
                "low": one.difference.low,
                "high": one.difference.high,
                "verdict": one.verdict,
                "replications": one.difference.replications,
            }
            for one in differences
        ]
    )
