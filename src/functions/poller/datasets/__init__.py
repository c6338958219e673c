"""From raw pages to the dataset."""
