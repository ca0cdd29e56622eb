"""Effects without business: database, outbox, clocks, HTTP, logs, metrics."""
