"""What a switch process must not forget: routes, messages in flight, what it owes."""
