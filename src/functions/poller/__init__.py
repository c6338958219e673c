"""The functions of the API poller: a folder a subject. Imports run downwards, as tests/contract/test_rooms.py lists."""
