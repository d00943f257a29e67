"""What happened at the sources in a span of time: gathered, judged, put into words."""
