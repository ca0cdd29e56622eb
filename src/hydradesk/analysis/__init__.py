"""Indicators, patterns, volume: arrays in, arrays out."""
