"""Integer programs as sparse arrays, passed to HiGHS at once: the only room of siting that knows it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, vstack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INFINITE = highspy.kHighsInf
INTEGER, CONTINUOUS = 1, 0


@dataclass(frozen=True, slots=True)
class Solved:
    """What came of a program. `values` is None where no solution was found."""

    values: Floats | None
    objective: float
    bound: float
    infeasible: bool
    proved: bool
    engine: str = "highs"


@dataclass(slots=True)
class Program:
    """Minimise ``cost·x``, ``low <= A x <= high``, ``floor <= x <= ceiling``; some x whole.

    Columns and rows are added in blocks; nothing is written term by term.
    """

    cost: list[Floats] = field(default_factory=list)
    floor: list[Floats] = field(default_factory=list)
    ceiling: list[Floats] = field(default_factory=list)
    whole: list[NDArray[np.int32]] = field(default_factory=list)
    blocks: list[csr_array] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    columns: int = 0

    def add_columns(self, cost: Floats, floor: ArrayLike, ceiling: ArrayLike, *, whole: bool) -> int:
        """Add a block of columns; the number of its first one."""
        count = len(cost)
        self.cost.append(np.asarray(cost, np.float64))
        self.floor.append(np.broadcast_to(np.asarray(floor, np.float64), (count,)))
        self.ceiling.append(np.broadcast_to(np.asarray(ceiling, np.float64), (count,)))
        self.whole.append(np.full(count, INTEGER if whole else CONTINUOUS, np.int32))
        first, self.columns = self.columns, self.columns + count
        return first

    def add_rows(
        self, row: ArrayLike, column: ArrayLike, value: ArrayLike, low: ArrayLike, high: ArrayLike, count: int
    ) -> None:
        """Add `count` rows, their entries as (row within the block, column, value)."""
        row, column = np.asarray(row, np.int64), np.asarray(column, np.int64)
        entries = np.broadcast_to(np.asarray(value, np.float64), row.shape)
        # the width is made whole when the program is solved: later blocks may add columns
        width = int(column.max()) + 1 if len(column) else 1
        self.blocks.append(csr_array((entries, (row, column)), shape=(count, width)))
        self.low.append(np.broadcast_to(np.asarray(low, np.float64), (count,)))
        self.high.append(np.broadcast_to(np.asarray(high, np.float64), (count,)))

    def matrix(self) -> csr_array:
        """All rows, as wide as there are columns."""
        wide = []
        for block in self.blocks:
            block.resize((block.shape[0], self.columns))
            wide.append(block)
        if not wide:
            return csr_array((0, self.columns))
        return csr_array(vstack(wide, format="csr"))

    def solve(
        self,
        seconds: float,
        *,
        start: Floats | None = None,
        gap: float = 0.0,
        below: float = math.inf,
        relaxed: bool = False,
    ) -> Solved:
        """Solve with one thread of HiGHS.

        Parameters
        ----------
        seconds
            Wall time at most.
        start
            A feasible solution to begin with.
        gap
            Relative gap at which to stop.
        below
            Only solutions cheaper than this are of interest.
        relaxed
            Let every column be fractional.
        """
        highs = self._passed(relaxed=relaxed)
        highs.setOptionValue("time_limit", max(seconds, 0.05))
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("mip_abs_gap", 0.0 if gap == 0 else 1e-6)
        if math.isfinite(below):
            highs.setOptionValue("objective_bound", below)
        if start is not None:
            begin = highspy.HighsSolution()
            begin.col_value = list(map(float, start))
            highs.setSolution(begin)
        highs.run()
        return _read(highs, relaxed=relaxed)

    def relax(self, seconds: float, first: int) -> tuple[float, Floats]:
        """Bound of the linear program (-inf if not solved in time), and reduced costs of its `first` columns."""
        highs = self._passed(relaxed=True)
        highs.setOptionValue("time_limit", max(seconds, 0.05))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return -math.inf, np.zeros(first)
        return float(highs.getInfo().objective_function_value), np.array(highs.getSolution().col_dual)[:first]

    def _passed(self, *, relaxed: bool) -> highspy.Highs:
        matrix = self.matrix()
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        whole = np.concatenate(self.whole)
        highs.passModel(
            self.columns,
            matrix.shape[0],
            matrix.nnz,
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            np.concatenate(self.cost),
            np.concatenate(self.floor),
            np.concatenate(self.ceiling),
            np.concatenate(self.low) if self.low else np.zeros(0),
            np.concatenate(self.high) if self.high else np.zeros(0),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float64),
            np.zeros_like(whole) if relaxed else whole,
        )
        return highs


def _read(highs: highspy.Highs, *, relaxed: bool) -> Solved:
    status, info = highs.getModelStatus(), highs.getInfo()
    infeasible = status in {
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    }
    proved = status == highspy.HighsModelStatus.kOptimal
    there = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = (
        (float(info.objective_function_value) if proved else -math.inf)
        if relaxed
        else float(info.mip_dual_bound)
    )
    return Solved(
        values=np.array(highs.getSolution().col_value) if there else None,
        objective=float(info.objective_function_value) if there else math.inf,
        bound=bound,
        infeasible=infeasible,
        proved=proved,
    )


def seconds_left(until: float) -> float:
    """Seconds of CPU this process may still use, never negative."""
    return max(0.0, until - time.process_time())
