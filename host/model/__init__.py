"""The words the whole house shares: secrets, money, reasons, requests, responses, terminals."""
