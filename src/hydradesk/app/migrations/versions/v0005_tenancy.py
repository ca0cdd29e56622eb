"""What each person trades with: risk profiles, withdrawals, addresses."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
