"""Siting against proofs: `python -m benchmarks.coverage FILE… --json`.

Files are OR-Library's p-median instances: each gives a p-median and a p-centre, its p read from
it. Without files: published figures of queues and a tiny cover; made-up instances of the sizes of
`SIZES`, the smallest against spopt 0.7 in the same run; prevention sessions. CPU seconds of one thread,
from the file (or the points) to the proof; compiling is done before and not counted. Every value is
computed again from the sites alone.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import outreach
from benchmarks.coverage_instances import BadInstance, Floats, Made, made, read_pmed
from benchmarks.coverage_queues import queue_rows
from dispatch.coverage.siting import Model, Question
from dispatch.coverage.siting.answer import gap_percent
from dispatch.coverage.siting.ask import found_of, measure, told

SIZES = {"110x2000": (110, 2000, 12), "500x5000": (500, 5000, 40), "2000x20000": (2000, 20000, 60)}
"""Sites, demand points, sites opened."""
PARTS = ("figures", "siting", "outreach")
ALL_MODELS: tuple[Model, ...] = ("mclp", "lscp", "mexclp", "backup", "pmedian", "pcenter", "loss")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
BUSY_SHARE = 0.3
STAKE_YUAN, HAZARD_PER_MINUTE = 20.0, 1.2 / 60
Row = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="p-median files; none: made-up instances")
    parser.add_argument("--json", action="store_true", help="print a JSON list, nothing else")
    parser.add_argument(
        "--cpu-seconds", type=float, default=60.0, help="at most, for each model of an instance"
    )
    parser.add_argument("--sizes", default=",".join(SIZES), help="made-up sizes, without files")
    parser.add_argument("--seeds", default="1", help="seeds of the made-up instances")
    parser.add_argument("--parts", default=",".join(PARTS), help="what is measured, without files")
    parser.add_argument("--no-spopt", action="store_true", help="do not compare with spopt")
    given = parser.parse_args(arguments)
    if arguments is None and any(os.environ.get(name) != "1" for name in THREADS):
        # NumPy reads these when it is loaded, so the measurement begins anew with them
        os.execve(
            sys.executable,
            [sys.executable, "-m", "benchmarks.coverage", *sys.argv[1:]],
            os.environ | dict.fromkeys(THREADS, "1"),
        )
    try:
        jobs = _files(given) if given.files else _without_files(given)
        rows = []
        for row in jobs:
            rows.append(row)
            if not given.json:
                print(_line(row), flush=True)
    except BadInstance as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(rows, ensure_ascii=False))
    return 0


def _line(row: Row) -> str:
    text = "{instance:36} {model:8} {value:14.2f}  bound {bound:14.2f}  gap {gap_percent:8.4f} %  {cpu_seconds:7.2f} s".format(
        **row
    )
    return f"{text}  {row.get('engine', '')}" + (
        f"  spopt {row['spopt_cpu_seconds']:.1f} s = {row['times_faster']:.0f} x"
        if "times_faster" in row
        else ""
    )


def _files(given: argparse.Namespace) -> Iterator[Row]:
    for path in given.files:
        read_pmed(path)  # a file that is none is said before hours are spent on the others
    for path in given.files:
        for model in ("pmedian", "pcenter"):
            began = time.process_time()
            minutes, number = read_pmed(path)
            weight = np.ones(len(minutes))
            began += _compiled()
            yield _measured(
                path.stem, _question(model, minutes, weight, number, 0.0), given.cpu_seconds, began
            )


def _without_files(given: argparse.Namespace) -> Iterator[Row]:
    parts = {"figures": _figures, "siting": _made, "outreach": _sessions}
    if unknown := [one for one in given.parts.split(",") if one not in parts]:
        raise BadInstance(f"--parts: found {unknown[0]!r}, expected some of {', '.join(PARTS)}")
    for part in given.parts.split(","):
        yield from parts[part](given)


def _figures(_given: argparse.Namespace) -> Iterator[Row]:
    """Figures of books and tables, to their printed digits."""
    yield from queue_rows()
    reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    weight = np.array([2.0, 2.0, 1.0, 1.0])
    for number, published in enumerate((0, 4, 6, 6)):
        began = time.process_time()
        asked = _question("mclp", np.where(reach, 0.0, 2.0), weight, number, 1.0)
        yield _measured(f"tiny-p{number}", asked, 10.0, began) | {"published": published}


def _sessions(given: argparse.Namespace) -> Iterator[Row]:
    """Prevention sessions: 1,900 villages, 4 groups, 2,500 venues, 1,800 sessions."""
    for seed in _seeds(given):
        yield outreach.measure(seed, 1900, 4, 2500, 1800, 0.0)


def _seeds(given: argparse.Namespace) -> list[int]:
    try:
        return [int(one) for one in given.seeds.split(",")]
    except ValueError:
        raise BadInstance(f"--seeds: found {given.seeds!r}, expected numbers such as 1,2,3") from None


def _made(given: argparse.Namespace) -> Iterator[Row]:
    for size in given.sizes.split(","):
        if size not in SIZES:
            raise BadInstance(f"--sizes: found {size!r}, expected some of {', '.join(SIZES)}")
        for seed in _seeds(given):
            one = made(*SIZES[size], seed)
            _compiled()
            for model in ALL_MODELS if size == "110x2000" else ("mclp",):
                began = time.process_time()
                asked = _question(model, one.minutes, one.weight, one.number, one.radius)
                row = _measured(one.name, asked, given.cpu_seconds, began)
                yield row | (
                    _against(one, row, _SPOPT[model]) if model in _SPOPT and _may(given, size) else {}
                )
            if size == "110x2000":
                began = time.process_time()
                asked = _question("backup", one.minutes, np.ones_like(one.weight), None, one.radius)
                row = _measured(one.name, asked, given.cpu_seconds, began) | {"model": "lscpb"}
                yield row | (_against(one, row, _spopt_backup) if _may(given, size) else {})


def _may(given: argparse.Namespace, size: str) -> bool:
    return size == "110x2000" and not given.no_spopt


def _question(model: Model, minutes: Floats, weight: Floats, number: int | None, radius: float) -> Question:
    sites, demands = minutes.shape
    loss = weight * STAKE_YUAN * -np.expm1(-HAZARD_PER_MINUTE * minutes) if model == "loss" else None
    return Question(
        model=model,
        sites=tuple(map(str, range(sites))),
        demands=tuple(map(str, range(demands))),
        minutes=minutes,
        weight=weight,
        existing=np.zeros(sites, bool),
        fixed=np.zeros(sites, bool),
        add=None if model == "lscp" else number,
        reach_minutes=radius,
        unreached_minutes=_never(minutes),
        busy_share=BUSY_SHARE if model in {"mexclp", "loss"} else 0.0,
        loss_yuan=loss,
        never_yuan=weight * STAKE_YUAN * -np.expm1(-HAZARD_PER_MINUTE * 480.0) if model == "loss" else None,
    )


def _never(minutes: Floats) -> float:
    """More than any choice that reaches everybody can come to."""
    most = float(np.ceil(minutes[np.isfinite(minutes)].max(initial=0.0))) + 1.0
    return most if np.isfinite(minutes).all() else most * minutes.shape[1]


def _measured(name: str, asked: Question, cpu_seconds: float, began: float) -> Row:
    found = found_of(asked, began + cpu_seconds, 0.0)
    seconds = time.process_time() - began
    value, bound = measure(asked, found.open), told(asked, found.bound)
    if abs(value - told(asked, found.value)) > 1e-6 * max(1.0, abs(value)):
        raise AssertionError(
            f"{name} {asked.model}: said {told(asked, found.value)}, its sites come to {value}"
        )
    return {
        "instance": name,
        "model": asked.model,
        "value": value,
        "bound": bound,
        "gap_percent": round(gap_percent(value, bound), 6),
        "cpu_seconds": round(seconds, 3),
        "sites": int(found.open.sum()),
        "engine": found.engine,
    }


def _compiled() -> float:
    """Compile, the first time it is asked; the CPU seconds that took."""
    began = time.process_time()
    _warm()
    return time.process_time() - began


@functools.cache
def _warm() -> None:
    """Every compiled function once, on a few points."""
    small = made(12, 60, 3, 1)
    for model in ALL_MODELS:
        asked = _question(model, small.minutes, small.weight, small.number, small.radius)
        found_of(asked, time.process_time() + 60, 0.0)
    rng = np.random.default_rng(1)
    whole = np.rint(100 * rng.random((60, 60)))
    for model in ("pmedian", "pcenter"):
        found_of(_question(model, whole, np.ones(60), 4, 0.0), time.process_time() + 60, 0.0)
    wide = made(320, 400, 10, 1)
    found_of(_question("mclp", wide.minutes, wide.weight, 10, wide.radius), time.process_time() + 2, 0.0)


# the same through spopt


def _cpu() -> float:
    """CPU seconds of this process and of solvers it started."""
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime


def _against(one: Made, row: Row, solve: Callable[[Made], float]) -> Row:
    """The same model through spopt: its seconds and value."""
    began = _cpu()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pulp, in spopt
        value = solve(one)
    seconds = _cpu() - began
    return {
        "spopt_cpu_seconds": round(seconds, 2),
        "spopt_value": value,
        "times_faster": round(seconds / max(row["cpu_seconds"], 1e-3), 1),
        "same_value": bool(abs(value - row["value"]) <= 1e-6 * max(1.0, abs(value))),
    }


def _reaching(one: Made) -> Floats:
    """Minutes (demands, sites) as spopt takes them, without the demands nobody reaches: it has no answer with these."""
    within = (one.minutes <= one.radius).any(axis=0)
    return one.minutes[:, within].T


def _solver() -> Any:
    import pulp  # noqa: PLC0415

    return pulp.PULP_CBC_CMD(msg=False, threads=1)


def _spopt_lscp(one: Made) -> float:
    from spopt.locate import LSCP  # noqa: PLC0415

    solved = LSCP.from_cost_matrix(_reaching(one), one.radius).solve(_solver())
    return float(solved.problem.objective.value())


def _spopt_mclp(one: Made) -> float:
    from spopt.locate import MCLP  # noqa: PLC0415

    solved = MCLP.from_cost_matrix(one.minutes.T, one.weight, one.radius, p_facilities=one.number).solve(
        _solver()
    )
    return float(solved.problem.objective.value())


def _spopt_backup(one: Made) -> float:
    from spopt.locate import LSCPB  # noqa: PLC0415 - of the development set only

    reaching = _reaching(one)
    solved = LSCPB.from_cost_matrix(reaching, one.radius, _solver()).solve()
    # spopt counts who has one candidate in reach only as covered twice: its variable is in no row
    single = int(((reaching <= one.radius).sum(axis=1) == 1).sum())
    return float(solved.problem.objective.value()) - single


_SPOPT: dict[str, Callable[[Made], float]] = {"mclp": _spopt_mclp, "lscp": _spopt_lscp}


if __name__ == "__main__":
    sys.exit(main())
