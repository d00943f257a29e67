"""Kept connections between two exchanges: by where and how they go; bounded, timed."""

import asyncio

from crawlers.engine.connection import Connection

PoolKey = tuple[str, str, int, str, str]
"""Scheme, host as A-label without trailing dot, port; then proxy and circuit by label,
both empty for a direct connection.
"""


class ConnectionPool:
    """Lends each connection to one exchange at a time, the freshest first."""

    def __init__(self, *, idle_seconds: float, idle_connections: int) -> None:
        self._idle_seconds = idle_seconds
        self._idle_connections = idle_connections
        self._idle: dict[Connection, tuple[PoolKey, asyncio.TimerHandle]] = {}
        self._by_key: dict[PoolKey, list[Connection]] = {}

    def take(self, key: PoolKey) -> Connection | None:
        """Lend a connection that was still good when last heard of."""
        while key in self._by_key:
            connection = self._by_key[key][-1]
            self._remove(connection)
            if connection.is_usable:
                return connection
            connection.abort()
        return None

    def put(self, key: PoolKey, connection: Connection) -> None:
        """Keep a connection whose exchange has ended well."""
        if self._idle_connections < 1 or not connection.is_usable:
            connection.abort()
            return
        while len(self._idle) >= self._idle_connections:
            oldest = next(iter(self._idle))
            self._remove(oldest)
            oldest.abort()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._idle_seconds, connection.abort)
        self._idle[connection] = (key, timer)
        self._by_key.setdefault(key, []).append(connection)
        connection.on_lost = self._remove

    def close(self) -> None:
        """Close all that are kept."""
        for connection in list(self._idle):
            self._remove(connection)
            connection.abort()

    def _remove(self, connection: Connection) -> None:
        entry = self._idle.pop(connection, None)
        if entry is None:
            return
        key, timer = entry
        timer.cancel()
        connection.on_lost = None
        same = self._by_key[key]
        same.remove(connection)
        if not same:
            del self._by_key[key]
