"""The command `recontact`: arguments, one library call a step, and what is written out."""
