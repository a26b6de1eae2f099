"""How a model gets into the service and is followed."""
