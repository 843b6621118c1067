"""The console's courier."""
