"""Spark: many machines read, spread and write, and run the same rules on what they hold."""
