"""The compiled optimiser behind the policy "search"."""
