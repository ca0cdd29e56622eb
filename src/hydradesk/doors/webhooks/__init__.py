"""Outbound webhooks: what happens at the desk, told to the addresses that people choose."""
