"""Many pieces of work on one machine or on many: the same answers, and nothing done twice."""

from dispatch.runner.blocks import Block
from dispatch.runner.running import processes_here, run
from dispatch.runner.task import Task, WorkLost

__all__ = ["Block", "Task", "WorkLost", "processes_here", "run"]
