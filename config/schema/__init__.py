"""The schema of the config file: one module per block, all strict (see `base`)."""

from config.schema.root import Config

__all__ = ["Config"]
