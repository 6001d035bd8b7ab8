"""The published figures of queues and busy units stand in the benchmark, and agree."""

from benchmarks.coverage_queues import queue_rows


def test_every_published_figure_is_met_to_its_printed_digits():
    rows = queue_rows()
    assert len(rows) == 10
    assert all(
        set(one) == {"instance", "model", "value", "bound", "gap_percent", "cpu_seconds"} for one in rows
    )
    assert [one["instance"] for one in rows if one["gap_percent"] != 0] == []
