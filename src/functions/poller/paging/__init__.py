"""What an answer says: its records, its totals, and how the next page is asked for. Nothing here fetches."""
