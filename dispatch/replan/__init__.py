"""What now: a plan under way goes on when alerts, calls, outcomes, closures and breakdowns come in."""
