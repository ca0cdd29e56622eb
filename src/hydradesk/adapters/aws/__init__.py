"""AWS: keys that never leave its Key Management Service."""
