"""Bytes on the wire. No Scrapy or Twisted in here: crawler and `capture` share it."""
