"""Who owns what: today the paper accounts of the local person."""
