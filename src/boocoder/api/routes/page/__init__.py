"""What a browser loads: the page, its files, and the documents that draw inside it."""
