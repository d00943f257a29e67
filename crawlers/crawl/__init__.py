"""The seam between the engine and Scrapy's public API; one job from open to close."""
