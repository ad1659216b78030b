"""What editors ask for: the language server of `rewardlang lsp`, and the colours of the words."""
