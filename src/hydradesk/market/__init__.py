"""Instruments, candles, ticks, feeds and data quality."""
