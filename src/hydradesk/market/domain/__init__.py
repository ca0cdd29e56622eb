"""The market's pure rules: instruments, exact resampling, data quality, day statistics."""
