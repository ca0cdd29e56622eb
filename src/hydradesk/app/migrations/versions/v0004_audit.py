"""The audit trail, KYC, feature switches and incidents."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
