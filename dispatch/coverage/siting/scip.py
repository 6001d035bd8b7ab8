"""Larger integer programs by SCIP, through MathOpt of ortools: the only room of siting that knows it.

Measured: on the minimise-uncovered form of 500 sites and 5,000 demands SCIP closes what HiGHS does
not. MathOpt takes a whole model as one message, so its sparse arrays are written into it at once.
"""

from __future__ import annotations

import datetime
import math

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from dispatch.coverage.siting.program import Floats, Program, Solved

DIRECT_SITES = 300
"""Up to so many sites a whole model goes to HiGHS."""


def solve_scip(program: Program, seconds: float, *, start: Floats | None = None, gap: float = 0.0) -> Solved:
    """Solve with one thread of SCIP; as `Program.solve`."""
    model = mathopt.Model.from_model_proto(_message(program))
    hints = []
    if start is not None:
        begun = dict(zip(model.variables(), map(float, start), strict=True))
        hints.append(mathopt.SolutionHint(variable_values=begun))
    result = mathopt.solve(
        model,
        mathopt.SolverType.GSCIP,
        params=mathopt.SolveParameters(
            time_limit=datetime.timedelta(seconds=max(seconds, 0.1)),
            threads=1,
            relative_gap_tolerance=gap,
            enable_output=False,
            # a search came before, and cuts cost more nodes than they save on covering models
            heuristics=mathopt.Emphasis.OFF,
            cuts=mathopt.Emphasis.OFF,
        ),
        model_params=mathopt.ModelSolveParameters(solution_hints=hints),
    )
    reason = result.termination.reason
    values: Floats | None = None
    if result.has_primal_feasible_solution():
        values = np.array(result.variable_values(list(model.variables())))
    return Solved(
        values=values,
        objective=float(result.objective_value()) if values is not None else math.inf,
        bound=float(result.best_objective_bound()),
        infeasible=reason == mathopt.TerminationReason.INFEASIBLE,
        proved=reason == mathopt.TerminationReason.OPTIMAL,
        engine="scip",
    )


def solve_large(
    program: Program, sites: int, seconds: float, *, start: Floats | None = None, gap: float = 0.0
) -> Solved:
    """HiGHS up to 300 sites, SCIP above."""
    if sites <= DIRECT_SITES:
        return program.solve(seconds, start=start, gap=gap)
    return solve_scip(program, seconds, start=start, gap=gap)


def _message(program: Program) -> model_pb2.ModelProto:
    matrix = program.matrix().tocoo()
    columns, rows = program.columns, matrix.shape[0]
    cost = np.concatenate(program.cost)
    message = model_pb2.ModelProto()
    variables = message.variables
    variables.ids.extend(range(columns))
    variables.lower_bounds.extend(np.concatenate(program.floor).tolist())
    variables.upper_bounds.extend(np.concatenate(program.ceiling).tolist())
    variables.integers.extend(np.concatenate(program.whole).astype(bool).tolist())
    paid = np.flatnonzero(cost)
    message.objective.linear_coefficients.ids.extend(paid.tolist())
    message.objective.linear_coefficients.values.extend(cost[paid].tolist())
    message.linear_constraints.ids.extend(range(rows))
    message.linear_constraints.lower_bounds.extend(np.concatenate(program.low).tolist())
    message.linear_constraints.upper_bounds.extend(np.concatenate(program.high).tolist())
    turn = np.lexsort((matrix.col, matrix.row))
    entries = message.linear_constraint_matrix
    entries.row_ids.extend(matrix.row[turn].tolist())
    entries.column_ids.extend(matrix.col[turn].tolist())
    entries.coefficients.extend(matrix.data[turn].tolist())
    return message
