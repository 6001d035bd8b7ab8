"""Many pieces of work on one machine or on many: the same answers, and nothing done twice."""

from dispatch.runner.blocks import Block
from dispatch.runner.running import Task, WorkLost, processes_here, run

__all__ = ["Block", "Task", "WorkLost", "processes_here", "run"]
