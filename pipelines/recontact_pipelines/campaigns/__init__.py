"""Long measurements on real and simulated data, run by `make campaign`."""
