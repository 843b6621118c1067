"""The views: they know services and model, and nothing of where data comes from."""
