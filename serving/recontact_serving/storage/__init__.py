"""The database: its tables and their steps, what is deleted, who does what alone."""
