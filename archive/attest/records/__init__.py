"""JSON records of a slice that statements are about: jobs, classes, extracted texts."""
