"""What stands between a reader and every view: header sets, limits, slowness."""
