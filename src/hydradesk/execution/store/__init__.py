"""Execution's tables: the desk's orders, and the paper venue's own schema."""
