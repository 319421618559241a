"""Tests of what explain says."""
