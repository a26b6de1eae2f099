"""recontact: will this customer have to call again, or the case escalate, and why."""
