"""One module per outside thing. Each takes its client and resource names as arguments."""
