"""What comes in: alerts, who needs a visit, and who can be sent."""
