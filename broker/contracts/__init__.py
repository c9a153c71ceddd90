"""Contracts: published by consumer versions, stored once per content, read in many ways."""
