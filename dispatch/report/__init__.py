"""What the centre reports of a day, a week or a month: figures from the ledger or from plans, as a page, a table, a letter."""

from dispatch.report.figures import Figures, Report, Share, report_of
from dispatch.report.periods import Period, period_of

__all__ = ["Figures", "Period", "Report", "Share", "period_of", "report_of"]
