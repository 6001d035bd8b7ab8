"""Commands that stand in modules of their own: read, call one function, write."""
