"""One query language, one syntax tree; engines compile the tree."""
