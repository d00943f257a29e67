"""One capture or page; and several of one address, compared between archives."""
