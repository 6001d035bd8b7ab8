"""Prevention: where and for whom to hold sessions, so that those at risk are reached most."""

from dispatch.coverage.outreach.planning import Outreach, Session, outreach
from dispatch.coverage.outreach.settings import OutreachSettings, outreach_settings

__all__ = ["Outreach", "OutreachSettings", "Session", "outreach", "outreach_settings"]
