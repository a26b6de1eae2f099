"""Keys and people: who may do what, and how they sign in."""
