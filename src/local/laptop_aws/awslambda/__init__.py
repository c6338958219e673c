"""Lambda: functions, their workers and their roles."""
