"""A stand-in for a language model's endpoint: the chat-completions protocol over a known world, with every fault on demand."""
