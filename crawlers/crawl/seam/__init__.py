"""What Scrapy is given, by its public API alone: handler, middlewares, add-on."""
