"""Asking a language model over the chat-completions protocol: client, gateway, breaker, node."""
