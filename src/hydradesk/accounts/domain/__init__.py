"""The rules of accounts: messages that wallets sign, passwords, one-time codes. Pure."""
