"""What would happen: a world, a tape of chance, and what became of every alert and every unit."""

from dispatch.simulate.log import Log, write_log
from dispatch.simulate.replicate import OUTCOMES, Replication, replicate, replicate_with_log
from dispatch.simulate.tape import Tape, draw_tape, tape_of_alerts
from dispatch.simulate.world import Demand, Policy, Roads, Surge, Units, World, Zones

__all__ = [
    "OUTCOMES",
    "Demand",
    "Log",
    "Policy",
    "Replication",
    "Roads",
    "Surge",
    "Tape",
    "Units",
    "World",
    "Zones",
    "draw_tape",
    "replicate",
    "replicate_with_log",
    "tape_of_alerts",
    "write_log",
]
