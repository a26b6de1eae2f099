"""Sources: how exports of other systems become the contacts table."""
