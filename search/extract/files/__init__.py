"""What is no web page to text: documents, tables, feeds, scans, pictures with words."""
