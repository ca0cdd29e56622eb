"""What webhooks do: keep subscriptions, hear facts, send."""
