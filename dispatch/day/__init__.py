"""One day from alerts to a plan folder: the stages in order, nothing decided here."""

from dispatch.day.output import write_day
from dispatch.day.planning import Day, plan_day
from dispatch.day.request import Request, Rules, read_rules

__all__ = ["Day", "Request", "Rules", "plan_day", "read_rules", "write_day"]
