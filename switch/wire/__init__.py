"""Sockets: who connects, how much they may ask, and what they sent."""
