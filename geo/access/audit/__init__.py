"""The audit: rows, their chain of hashes, checkpoints, exports."""
