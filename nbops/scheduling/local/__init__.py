"""Jobs that this machine runs by itself: its cron, or systemd, does the waiting."""
