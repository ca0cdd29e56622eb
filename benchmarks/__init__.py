"""What the desk costs: `python -m benchmarks.NAME [--json]`. Figures are in RESULTS.md."""
