"""Labels: was the contact the first of its issue, was it repeated, did it escalate."""
