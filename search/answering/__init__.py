"""From a query to hits of some archives: marks, passages, groups, what was left out."""
