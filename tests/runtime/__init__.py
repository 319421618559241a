"""What actors run on: nothing told is lost, nobody blocks anybody, failures stay where they happen."""
