"""Maps of 1,000, 10,000 and 50,000 cases against folium's own layers: ``python -m benchmarks.maps``.

Each with 300 routes of 200 points and 100,000 road segments (the rivals without the roads). CPU
seconds of one thread to write; main-thread CPU seconds in Chromium until the page rests; the
longest gap between two frames while the map is dragged, best of several drags, in wall
milliseconds; main-thread milliseconds a search and a filter take. ``--json``, ``--sizes``,
``--quick`` (small, says nothing about goals), ``--skip-rivals``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import maps
from benchmarks.map_maker import map_view
from benchmarks.map_rivals import RIVALS, answered, write
from tools import system_needs

GOALS = {
    1_000: {"megabytes": 5, "write_seconds": 2, "usable_seconds": 1.2, "answer_ms": 50, "gap_ms": 100},
    10_000: {"megabytes": 6, "write_seconds": 2.5, "usable_seconds": 1.5, "answer_ms": 100, "gap_ms": 100},
    50_000: {"megabytes": 12, "write_seconds": 5, "usable_seconds": 3, "answer_ms": 300, "gap_ms": 150},
}
SLOWEST_RIVAL_CASES = 10_000
"""folium.MarkerCluster takes minutes beyond it, and no browser finishes GeoJson circles."""
REST_SECONDS, STILL_SECONDS = 0.5, 0.02
QUERIES = ("A-00", "第3", "陈", "zzz")


class Page:
    """One page of a fresh browser context, and what its main thread has done so far."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.route(
            lambda address: not address.startswith(("file:", "data:", "blob:")),
            lambda route: route.fulfill(**answered(route.request.url)),
        )
        self.talk = self.context.new_cdp_session(self.page)
        self.talk.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.goto(path.as_uri(), wait_until="load", timeout=240_000)

    def cpu_seconds(self) -> float:
        """Main-thread CPU seconds in tasks since the page began."""
        found = {one["name"]: one["value"] for one in self.talk.send("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    def rest(self, seconds: float = 120.0) -> float | None:
        """CPU seconds once the main thread has nothing left to do; None if it never rests."""
        last, until = -1.0, time.monotonic() + seconds
        while time.monotonic() < until:
            now = self.cpu_seconds()
            if now - last < STILL_SECONDS:
                return now
            last = now
            self.page.wait_for_timeout(1000 * REST_SECONDS)
        return None

    def answer_ms(self, act: str, *values: Any) -> float:
        """Main-thread CPU milliseconds that an action of the panel costs, drawing included."""
        before = self.rest() or 0.0
        self.page.evaluate(act, *values)
        return round(1000 * ((self.rest() or 0.0) - before), 1)

    def gap_ms(self, runs: int) -> float:
        """The longest gap between two frames in a drag across the map, best of `runs` drags there and back."""
        gaps = []
        for _ in range(runs):
            self.rest()
            self.page.evaluate(
                "() => { window.gaps = []; window.watching = true; let last = performance.now();"
                " const next = (now) => { gaps.push(now - last); last = now; if (watching) requestAnimationFrame(next); };"
                " requestAnimationFrame((now) => { last = now; requestAnimationFrame(next); }); }"
            )
            for there, back in ((1150, 750), (750, 1150)):
                before = self.page.evaluate(CENTRE)
                self.page.mouse.move(there, 300)
                self.page.mouse.down()
                for step in range(1, 41):
                    self.page.mouse.move(there + (back - there) * step / 40, 300 + 6 * step)
                    self.page.wait_for_timeout(12)
                self.page.mouse.up()
                self.page.wait_for_timeout(150)
                if self.page.evaluate(CENTRE) == before:
                    self.faults.append("the map did not move")
            gaps.append(
                float(self.page.evaluate("() => { window.watching = false; return Math.max(...gaps); }"))
            )
        return round(min(gaps), 1)

    def close(self) -> None:
        """Away with it."""
        self.context.close()


def measure_ours(view: maps.PlanView, path: Path, browser: Any, runs: int) -> dict[str, Any]:
    """Every figure of one map of ours."""
    start = time.process_time()
    maps.write_map(maps.plan_map(view), path)
    seconds = time.process_time() - start
    page = Page(browser, path)
    page.page.wait_for_selector("#results li", timeout=120_000)
    usable = page.rest()
    search = {query: page.answer_ms(SEARCH, query) for query in QUERIES}
    page.answer_ms(SEARCH, "")
    chosen = page.answer_ms(FILTER)
    page.answer_ms(FILTER)
    row = {
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "write_seconds": round(seconds, 2),
        "usable_seconds": round(usable, 2) if usable else None,
        "search_ms": search,
        "filter_ms": chosen,
        "answer_ms": max(*search.values(), chosen),
        "gap_ms": page.gap_ms(runs),
        "faults": page.faults,
    }
    page.close()
    return row


CENTRE = "() => { const at = Object.values(window).find((one) => one instanceof L.Map).getCenter(); return [at.lat, at.lng]; }"
SEARCH = """(query) => { const box = document.getElementById('search'); box.value = query;
  box.dispatchEvent(new Event('input', { bubbles: true })); }"""
FILTER = """() => { const facet = document.querySelector('.facet');
  if (facet.getAttribute('aria-expanded') !== 'true') facet.click();
  document.querySelector('.choices input').click(); }"""


def measure_rival(name: str, view: maps.PlanView, path: Path, browser: Any, runs: int) -> dict[str, Any]:
    """The figures one of folium's own layers has."""
    start = time.process_time()
    write(RIVALS[name](view), path)
    seconds = time.process_time() - start
    try:
        page = Page(browser, path)
        usable = page.rest()
        gap = page.gap_ms(runs) if usable else None
        faults = page.faults
        page.close()
    except Exception as cause:
        usable, gap, faults = None, None, [type(cause).__name__]
    return {
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "write_seconds": round(seconds, 2),
        "usable_seconds": round(usable, 2) if usable else None,
        "gap_ms": gap,
        "faults": faults,
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Every size, ours first."""
    report: dict[str, Any] = {"machine": _machine(), "load_before": os.getloadavg(), "sizes": []}
    roads = 1_000 if options.quick else 74_000
    routes = 20 if options.quick else 300
    maps.write_map(maps.plan_map(map_view(50, road_nodes=600, routes=2)), Path(options.folder) / "warm.html")
    with _chromium() as browser:
        report["machine"]["chromium"] = browser.version
        for cases in options.sizes:
            view = map_view(cases, road_nodes=roads, routes=routes)
            path = Path(options.folder) / f"{cases}.html"
            ours = measure_ours(view, path, browser, options.runs)
            goal = None if options.quick else GOALS.get(cases)
            row: dict[str, Any] = {
                "cases": cases,
                "road_segments": len(view.basemap.roads.rank),
                "ours": ours,
            }
            row["goal"] = goal
            row["met"] = goal and {
                key: ours[key] is not None and ours[key] <= most for key, most in goal.items()
            }
            row["rivals"] = {}
            for name in () if options.skip_rivals else RIVALS:
                if cases > SLOWEST_RIVAL_CASES and name == "MarkerCluster":
                    continue
                row["rivals"][name] = measure_rival(name, view, path, browser, options.runs)
            report["sizes"].append(row)
    report["load_after"] = os.getloadavg()
    return report


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the benchmark's own need

    if system_needs.missing("chromium"):
        sys.exit(system_needs.missing("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_needs.chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


def _machine() -> dict[str, Any]:
    import platform  # noqa: PLC0415

    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _lines(report: dict[str, Any]) -> Iterator[str]:
    for row in report["sizes"]:
        for name, found in {"ours": row["ours"], **row["rivals"]}.items():
            met = "" if name != "ours" or not row["met"] else f"  met {row['met']}"
            figures = "  ".join(
                f"{key} {found.get(key)}"
                for key in ("megabytes", "write_seconds", "usable_seconds", "answer_ms", "gap_ms")
            )
            yield f"{row['cases']:>6} {name:<18} {figures}{met}"


def main() -> None:
    """Measure, print lines or one JSON object."""
    parser = argparse.ArgumentParser(
        description="maps: file size, seconds to write, to open, to answer, to pan"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=list(GOALS))
    parser.add_argument("--runs", type=int, default=3, help="drags, of which the best counts")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--skip-rivals", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.runs = [200], 1
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        report = measure(options)
    print(json.dumps(report, indent=1) if options.json else "\n".join(_lines(report)))


if __name__ == "__main__":
    main()
