"""Outbound webhooks."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
