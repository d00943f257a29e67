"""The only place that judges: checks raise, this folder gathers them into a report."""
