"""`dispatch check`: a plan somebody edited, audited, timed anew and compared; what was edited can be kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dispatch.errors import BadInput, DispatchError
from dispatch.reasons import Language, Reason, say
from dispatch.redact import clean

if TYPE_CHECKING:
    from dispatch.check import Checked
    from dispatch.day.planning import Day
    from dispatch.domain import Plan, Problem
    from dispatch.planfile import Decided, PlanFile

notes = Console(stderr=True)
NEEDS_A_HUMAN = 3
LISTED = 10
"""Breaches of one code printed, and differences; JSON has them all."""

CARRIED = (
    "people.json",
    "history.json",
    "sheets.json.gz",
    "rejected.csv",
    "rejected_responders.csv",
    "rejected_closures.csv",
    "no_visit.csv",
    "unplaced.csv",
    "review.csv",
    "calls.csv",
)
"""Files of a plan folder that an edited order changes nothing in."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "responder_id": ("responder_id", "力量编号"),
    "order": ("order", "顺序"),
    "case_id": ("case_id", "警情编号"),
    "stop_id": ("stop_id", "停靠点编号"),
    "place_id": ("place_id", "地点编号"),
}
"""Columns of an edited table of stops, as `routes.csv` heads them."""

WORDS: Mapping[str, tuple[str, str]] = {
    "clean": ("没有违反任何规则", "no rule is broken"),
    "broken": ("违反规则 {0} 处：", "{0} rules are broken:"),
    "times": (
        "{0} 处时刻与路程不符，已重新计算：",
        "{0} times are not what the drives make them, computed anew:",
    ),
    "more": ("… 另有 {0} 处同类（{1}），见 --json", "… and {0} more of {1}: see --json"),
    "loss": (
        "预计损失 {0} 元，代价 {1} 元，挽损 {2} 元；上门 {3} 起，未安排 {4} 起",
        "expected loss {0} yuan, prices {1}, averted {2}; {3} visited, {4} left out",
    ),
    "same": ("与机器方案相同", "as the machine decided"),
    "worse": (
        "比机器方案多损失 {0} 元（含代价），{1} 起不同：",
        "{0} yuan more than the machine's plan, with prices; {1} cases differ:",
    ),
    "better": (
        "比机器方案少损失 {0} 元（含代价），{1} 起不同：",
        "{0} yuan less than the machine's plan, with prices; {1} cases differ:",
    ),
    "no_machine": (
        "没有机器方案可比（decided.json 不在）",
        "there is no machine's plan to compare with (no decided.json)",
    ),
    "problem": (
        "警情、力量或设置也被改动，机器方案按改动后的重新计时",
        "cases, responders or prices were edited too: the machine's plan is timed by them as they are",
    ),
    "kept": (
        "保留 {0} 条路线、{1} 起警情，其余重新优化：",
        "{0} routes and {1} cases kept, the rest solved again:",
    ),
    "written": ("已写入 {0}，地图与路线单已重画", "written to {0}, with its map and sheets"),
    "bare": (
        "已写入 {0}（路线单：dispatch sheets {0}；地图未重画：{1}）",
        "written to {0} (its sheets: dispatch sheets {0}; the map is not drawn again: {1})",
    ),
    "refused": ("有规则被违反，未写入 {0}", "rules are broken: {0} was not written"),
}


def check(  # noqa: PLR0917 - typer makes each an option with a name
    plan: Annotated[Path, typer.Argument(help="A plan folder whose plan.json somebody may have edited.")],
    routes: Annotated[
        Path | None,
        typer.Option(
            help="An edited table of stops (routes.csv or XLSX) in place of the routes of plan.json."
        ),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A plan folder to compare with; default: what the machine decided.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan, timed anew, into this folder.")] = None,
    reoptimise: Annotated[
        bool, typer.Option("--reoptimise", help="Keep what was edited and solve the rest again around it.")
    ] = False,
    pin_routes: Annotated[
        str | None,
        typer.Option(
            help="Keep the routes of these responders (ids, with commas) instead; with --reoptimise."
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.01, help="How long to solve again; default 5.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Steps instead: the same plan on any run.")
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="The area's folder, to draw the map of --out; not for a bundled one.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a plan folder that is there.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer: zh or en.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")] = False,
) -> None:
    """Audit an edited plan against every rule, time it anew, and compare it with the machine's."""
    from dispatch.check import check as checked
    from dispatch.planfile import read_decided, read_plan
    from dispatch.store import refuse_overwrite

    if (reoptimise or pin_routes) and out is None:
        raise typer.BadParameter("--reoptimise and --pin-routes need --out")
    if out is not None:
        if out.resolve() == plan.resolve():
            raise typer.BadParameter("--out is PLAN itself: give another folder")
        refuse_overwrite(out, force=force)
    with notes.status("reading the plan") as status:
        file, decided = read_plan(plan), read_decided(plan)
        file, strange = _with_routes(file, routes) if routes else (file, [])
        machine = _machine(file, decided, against)
        found = checked(file.problem, file.plan, machine)
        found = replace(found, breaches=(*strange, *found.breaches))
        answer: list[str] = [*_said(found, file, lang), *_edited_problem(file, decided, lang)]
        written, values = False, _as_json(found, file)
        if out is not None and not found.breaches:
            final = file
            if reoptimise or pin_routes:
                status.update("solving again")
                final, lines = _solved(file, found, pin_routes, seconds, iterations, lang)
                answer += lines
            else:
                final = replace(file, plan=found.plan)
            status.update("writing")
            why = _write(final, plan, out, decided, area, lang, force=force)
            written = True
            answer.append(_word("bare", lang, out, why) if why else _word("written", lang, out))
            values["out"], values["plan_id"] = str(out), final.plan.id
    if out is not None and not written:
        answer.append(_word("refused", lang, out))
    print(json.dumps(values, ensure_ascii=False, allow_nan=False) if as_json else "\n".join(answer))
    if found.breaches or (found.wrong_times and not written):
        raise typer.Exit(NEEDS_A_HUMAN)


def _machine(file: PlanFile, decided: Decided | None, against: Path | None) -> Plan | None:
    from dispatch.check import decided_plan, retimed
    from dispatch.planfile import read_plan

    if against is not None:
        return retimed(file.problem, read_plan(against).plan)
    return decided_plan(file.problem, decided) if decided else None


def _with_routes(file: PlanFile, table: Path) -> tuple[PlanFile, list[Any]]:
    """The plan with the routes of a table of stops."""
    from dispatch.check import POLICY, orders_from, plan_of
    from dispatch.tables import read_text

    frame = read_text(table)
    named = {
        name: heading
        for name, headings in COLUMNS.items()
        for heading in headings
        if heading in frame.columns
    }
    if missing := {"responder_id", "case_id"} - named.keys():
        raise BadInput(
            f"{table} has no column {', '.join(' or '.join(COLUMNS[one]) for one in sorted(missing))}; "
            "edit the routes.csv of the plan's sheets folder"
        )
    # a cell that looked like a formula was written with an apostrophe
    rows = [
        {name: str(row[heading]).strip().removeprefix("'") for name, heading in named.items()}
        for row in frame.to_dict("records")
    ]
    orders, strange = orders_from(file.problem, file.plan, rows)
    return replace(file, plan=plan_of(file.problem, orders, POLICY, file.plan.seed)), list(strange)


def _solved(  # noqa: PLR0917 - one caller
    file: PlanFile,
    found: Checked,
    pin_routes: str | None,
    seconds: float | None,
    iterations: int | None,
    lang: Language,
) -> tuple[PlanFile, list[str]]:
    from dispatch.check import check as checked
    from dispatch.check import kept_of, reoptimised

    known = {one.id for one in file.problem.responders}
    routes = [one.strip() for one in pin_routes.split(",")] if pin_routes else []
    if strange := [one for one in routes if one not in known]:
        raise BadInput(f"--pin-routes names no responder of the plan: {', '.join(strange[:5])}")
    kept = kept_of(file.problem, found.machine, found.plan, routes)
    problem, plan = reoptimised(
        file.problem, found.plan, kept, seconds=seconds, iterations=iterations, seed=file.plan.seed
    )
    again = checked(problem, plan, found.machine)
    final = replace(file, problem=problem, plan=plan)
    return final, [_word("kept", lang, len(kept.heads), len(kept.pinned)), *_said(again, final, lang)]


def _write(  # noqa: PLR0917 - one caller, by position
    file: PlanFile,
    plan: Path,
    out: Path,
    decided: Decided | None,
    area: str | None,
    lang: Language,
    *,
    force: bool,
) -> str:
    """Write the folder as any plan's; the plan and its tables alone, saying why, where it cannot be drawn."""
    from dispatch.errors import OutputExists
    from dispatch.planfile import write_decided

    def more(folder: Path) -> None:
        from dispatch.replan.again import written_before

        for name, held in written_before(plan).items():
            (folder / name).write_bytes(held)
        if decided is not None:
            write_decided(decided, folder)

    try:
        day = _day(file, plan, area)
    except DispatchError as cause:
        if isinstance(cause, OutputExists):
            raise
        _write_bare(file, plan, out, decided, force=force)
        return str(cause)
    from dispatch.day import write_day

    write_day(day, out, language=lang, force=force, more=more)
    return ""


def _day(file: PlanFile, plan: Path, area: str | None) -> Day:
    from dispatch.replan.again import day_again
    from dispatch.replan.folders import area_of, read_before

    before = read_before(plan)
    return day_again(area_of(before.file, area), before, file)


def _write_bare(file: PlanFile, plan: Path, out: Path, decided: Decided | None, *, force: bool) -> None:
    from dispatch.planfile import write_plan
    from dispatch.store import write_folder

    def fill(folder: Path) -> None:
        write_plan(replace(file, summary={**file.summary, **_numbers(file)}), folder, decided)
        for name in CARRIED:
            if (plan / name).is_file():
                shutil.copyfile(plan / name, folder / name)

    write_folder(out, fill, force=force)


def _numbers(file: PlanFile) -> dict[str, Any]:
    """Those numbers of the summary that are the plan's."""
    from dispatch.loss import plan_loss

    money = plan_loss(file.problem, file.plan)
    return {
        "visited": len(file.plan.visited),
        "left_out": len(file.plan.left_out),
        "expected_loss_yuan": round(money.expected_yuan, 2),
        "averted_yuan": round(money.averted_yuan, 2),
        "prices_yuan": round(money.prices_yuan, 2),
    }


def _said(found: Checked, file: PlanFile, lang: Language) -> Iterator[str]:
    if found.is_clean:
        yield _word("clean", lang)
    for key, breaches in (("broken", found.breaches), ("times", found.wrong_times)):
        if not breaches:
            continue
        yield _word(key, lang, len(breaches))
        for code in dict.fromkeys(breach.code for breach in breaches):
            same = [breach for breach in breaches if breach.code == code]
            for breach in same[:LISTED]:
                yield f"  [{code}] {clean(say(breach.reason, lang))}"
            if len(same) > LISTED:
                yield f"  {_word('more', lang, len(same) - LISTED, code)}"
    loss, plan = found.loss, found.plan
    yuan = [f"{one:,.0f}" for one in (loss.expected_yuan, loss.prices_yuan, loss.averted_yuan)]
    yield _word("loss", lang, *yuan, len(plan.visited), len(plan.left_out))
    yield from _compared(found, file.problem, lang)


def _compared(found: Checked, problem: Problem, lang: Language) -> Iterator[str]:
    if found.machine_loss is None:
        yield _word("no_machine", lang)
        return
    more = found.loss.objective_yuan - found.machine_loss.objective_yuan
    if not found.differences and abs(more) < 1.0:
        yield _word("same", lang)
        return
    yield _word("worse" if more >= 0 else "better", lang, f"{abs(more):,.0f}", len(found.differences))
    names = {one.id: one.name or one.id for one in problem.responders}
    for one in found.differences[:LISTED]:
        params = {
            key: names.get(value, value) if key in ("before", "after") else value
            for key, value in one.reason.params.items()
        }
        yield f"  {clean(say(Reason(one.reason.code, params), lang))}"
    if len(found.differences) > LISTED:
        yield f"  {_word('more', lang, len(found.differences) - LISTED, 'DIFF')}"


def _edited_problem(file: PlanFile, decided: Decided | None, lang: Language) -> Iterator[str]:
    from dispatch.planfile import problem_sha256

    if decided is not None and decided.problem_sha256 != problem_sha256(file.problem):
        yield _word("problem", lang)


def _as_json(found: Checked, file: PlanFile) -> dict[str, Any]:
    def said(breach: Any) -> dict[str, Any]:
        return {
            "code": breach.code,
            "params": dict(breach.reason.params),
            "sentence": say(breach.reason, "zh"),
        }

    machine = found.machine_loss
    return {
        "clean": found.is_clean,
        "breaches": [said(one) for one in found.breaches],
        "wrong_times": [said(one) for one in found.wrong_times],
        **_numbers(replace(file, plan=found.plan)),
        "more_than_machine_yuan": round(found.loss.objective_yuan - machine.objective_yuan, 2)
        if machine
        else None,
        "differences": [
            {
                "case_id": one.case_id,
                "before": one.before_id,
                "after": one.after_id,
                "later_minutes": None if one.later_minutes is None else round(one.later_minutes, 2),
            }
            for one in found.differences
        ],
    }


def _word(key: str, lang: Language, *values: object) -> str:
    return WORDS[key][0 if lang == "zh" else 1].format(*values)
