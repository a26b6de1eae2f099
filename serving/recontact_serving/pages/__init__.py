"""The pages of managers and agents, and what they are rendered with."""
