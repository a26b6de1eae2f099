"""What agents' desktops follow and send."""
