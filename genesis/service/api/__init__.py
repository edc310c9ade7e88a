"""The control API: what people, panels and scripts ask of the running service."""
