"""Use cases over model and ports. No adapter, no widget, no SDK is known here."""
