"""What one worker of all brings up to date every hour, in a process apart."""
