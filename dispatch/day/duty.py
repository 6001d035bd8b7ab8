"""Whose duty phone to ring about a case nobody is sent to."""

from __future__ import annotations

import numpy as np

from dispatch.domain import Problem
from dispatch.sending import Bools, Roster


def duty_responders(problem: Problem) -> dict[str, str]:
    """By case id, who answers for its likeliest place: whose duty phone to ring where nobody is sent."""
    roster, found = Roster.of(problem), {}
    for case in problem.cases:
        for place in sorted(case.places, key=lambda one: -one.probability):
            answers = _answers(problem, place.codes)
            rows = np.flatnonzero(answers & roster.entitled(case, place))
            if len(rows):
                row = min(rows, key=lambda at: (not roster.on_duty[at], roster.ready[at], at))
                found[case.id] = problem.responders[row].id
                break
    return found


def _answers(problem: Problem, codes: frozenset[str]) -> Bools:
    return np.array([bool(codes & one.jurisdiction) for one in problem.responders], dtype=np.bool_)
