"""Why this responder, why nobody, and what it would take: prices in yuan of the whole plan.

`dispatch.routing` asks this package why a case is left out, so nothing here imports the rest
of it: `explained` answers for one case, `obvious` for all cases at once.
"""

from dispatch.explain.left_out import left_out_reason

__all__ = ["left_out_reason"]
