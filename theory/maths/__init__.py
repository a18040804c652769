"""Mathematics shared by several systems."""
