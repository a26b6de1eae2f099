"""A simulated contact centre, whose truth is known: the test bench of everything else."""

from recontact.simulate.run import Simulated, simulate

__all__ = ["Simulated", "simulate"]
