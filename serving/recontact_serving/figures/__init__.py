"""The pages of FCR and of whether the list works."""
