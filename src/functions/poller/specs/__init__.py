"""What a caller may ask for, and how that is kept with the job."""
