"""Every guard against a fault is worth as much as the test that misses it: `python -m tests.mutants` takes one away
at a time and wants a test to turn red."""
