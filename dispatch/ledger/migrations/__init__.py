"""Schema migrations of the ledger, one file each, run by Alembic."""
