"""HTTP and WebSocket: every room under /api, one stream, one page."""
