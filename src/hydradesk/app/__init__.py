"""Settings, roles, wiring, command line: the only code that knows concrete classes."""
