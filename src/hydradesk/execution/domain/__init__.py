"""Pure rules of execution: the order's life, its money, and the paper venue's model."""
