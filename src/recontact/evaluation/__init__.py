"""How good a model is, beside what else there is."""
