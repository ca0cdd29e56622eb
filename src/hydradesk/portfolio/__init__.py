"""Fills become positions, profit and an equity curve."""
