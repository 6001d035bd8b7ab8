"""What a simulation looks like: a report, a map of who is reached, a replication replayed."""
