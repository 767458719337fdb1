"""Reading a game: what a round changed and why, what would have happened otherwise. Plain JSON values, no screens."""
