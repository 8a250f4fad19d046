"""The commands of `leads`, one module for each group; `cli` composes them."""
