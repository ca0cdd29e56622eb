"""Sessions, API keys and the keys that seal secrets."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
