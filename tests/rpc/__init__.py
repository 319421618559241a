"""The link to imsg: lines and frames, pipes, requests under way, and the child with its watch."""
