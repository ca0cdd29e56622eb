"""Order life, reconciliation, venue port, paper venue."""
